"""The words of contact policy."""

from enum import StrEnum


class Purpose(StrEnum):
    """Why a person is contacted. It is also the class of the message: service goes before care, care before marketing."""

    SERVICE = "service"
    CARE = "care"
    MARKETING = "marketing"

    @property
    def rank(self) -> int:
        return tuple(Purpose).index(self)


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"
    CALL = "call"
    WECHAT = "wechat"


class Reason(StrEnum):
    """Why a candidate is not sent, or not sent yet."""

    NO_CONSENT = "no_consent"
    DO_NOT_DISTURB = "do_not_disturb"
    FREQUENCY_CAP = "frequency_cap"
    QUIET_HOURS = "quiet_hours"
    NO_ADDRESS = "no_address"
    CUSTOMER_LEFT = "customer_left"
    EXPIRED = "expired"
    OPEN_COMPLAINT = "open_complaint"
    CUSTOMER_UNKNOWN = "customer_unknown"
    CHANNEL_UNAVAILABLE = "channel_unavailable"
