from careloop_common.errors import DomainError, Kind


class ChannelMismatch(DomainError):
    """A use of data has no channel, and a message has one."""

    kind = Kind.INVALID
    code = "channel_mismatch"
    title = "The channel does not go with the purpose"


class NoticeUnknown(DomainError):
    """A word refers to a text that nobody could have read."""

    kind = Kind.INVALID
    code = "notice_unknown"
    title = "There is no such version of the notice"


class ConsentNoticeNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "consent_notice_not_found"
    title = "Consent notice not found"


class BlockNotFound(DomainError):
    """It never was, it is another customer's, or it has ended."""

    kind = Kind.NOT_FOUND
    code = "block_not_found"
    title = "No such do-not-disturb"


class EndsBeforeBeginning(DomainError):
    kind = Kind.INVALID
    code = "ends_before_beginning"
    title = "It would be over before it begins"


class TooManyBlocks(DomainError):
    """A customer travels whole in one event, so there is an end to what may be said of one."""

    kind = Kind.CONFLICT
    code = "too_many_blocks"
    title = "Too many do-not-disturbs of one customer"


class ListTooLarge(DomainError):
    kind = Kind.INVALID
    code = "list_too_large"
    title = "The list of numbers is too large"
