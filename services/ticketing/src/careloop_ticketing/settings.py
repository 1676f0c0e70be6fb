from careloop_common.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """What every service needs is all that ticketing needs: policies and rule sets are data, not settings."""

    model_config = settings_config("TICKETING_")
