from pathlib import Path

from careloop_common.settings import Secret, ServiceSettings, settings_config


class Settings(ServiceSettings):
    model_config = settings_config("CAMPAIGN_")

    port: int = 8003
    public_url: str = "http://127.0.0.1:8080"
    """Where customers reach the gateway: unsubscribe links start with it."""
    default_language: str = "zh"
    smtp_url: Secret | None = None
    """`smtp://user:password@host:port` or `smtps://…`; without it, e-mail goes to the sink like everything else."""
    smtp_connections: int = 8
    sender_address: str = "care@careloop.example"
    sink_directory: Path = Path(".careloop/outgoing")
    send_batch: int = 200
    send_seconds: float = 0.2
    drain_seconds: float = 5.0
    """How long a stopping sender waits for answers; what has none then counts as unknown."""
