"""What the broker may answer instead of taking a message."""

from careloop_common.errors import DomainError, Kind


class BrokerUnavailable(DomainError):
    """The broker does not answer, or not in time: whether it has the message is unknown."""

    kind = Kind.UNAVAILABLE
    code = "broker_unavailable"
    title = "Broker unavailable"


class BrokerRefused(DomainError):
    """The broker answered with an error, for instance because a stream is full."""

    kind = Kind.UNAVAILABLE
    code = "broker_refused"
    title = "Broker refused"

    def __init__(self, detail: str = "", *, error: int = 0) -> None:
        super().__init__(detail)
        self.error = error
        """JetStream's error code."""


class BrokerTooOld(RuntimeError):
    """The server is of a version that this platform does not run on."""
