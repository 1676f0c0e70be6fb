from pathlib import Path
from typing import Annotated

from careloop_common import zones
from careloop_common.settings import ServiceSettings, settings_config
from pydantic import Field, field_validator


class Settings(ServiceSettings):
    """Policies and rule sets are data, not settings; what is left is how others reach us, and we them."""

    model_config = settings_config("TICKETING_")

    timezone: str = "Asia/Shanghai"
    """Where the operator is: by its days courses are taken and people's days begin, and medals are awarded when a month
    has ended there."""

    bulk_rate: Annotated[float, Field(gt=0)] = 180
    """How many tickets of bulk jobs a worker does in a second at most: it rests between the batches."""
    bulk_days: Annotated[int, Field(ge=1)] = 90
    """How long it is kept what became of each ticket of a bulk job, without which the job cannot be undone."""

    notice_days: Annotated[int, Field(ge=1)] = 400
    """How long notices are kept, read or not."""

    public_url: str = "http://127.0.0.1:8080"
    """Where clients reach the gateway: the addresses of TM Forum resources start with it."""

    files: Path = Path(".careloop/files")
    """Directory of the attachments, the same for every process of the service: a shared volume on several machines."""
    request_seconds: float = 60.0
    """An attachment over a slow line takes long; the gateway gives other requests less."""

    mail_addresses: str = ""
    """Addresses that we send from, such as `care@example.com,help@example.com`: what comes from them opens no ticket."""
    mail_hourly: Annotated[int, Field(ge=1)] = 20
    """From so many e-mails of one sender within an hour on, none of them may be answered by a machine."""

    hub_networks: str = ""
    """Networks such as `10.1.0.0/16,fd00::/8` into which notifications may be sent although they are not public."""
    hub_seconds: float = 0.5
    """How often notifications are looked for."""
    hub_timeout_seconds: float = 10.0
    hub_retry_seconds: float = 1.0
    """After the first failure a notification waits this long, then twice as long each time, up to an hour."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return zones.zone(value).key
