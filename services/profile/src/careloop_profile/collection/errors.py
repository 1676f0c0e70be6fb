from http import HTTPStatus

from careloop_common.errors import DomainError, Kind


class MessageTooLarge(DomainError):
    """A message may have 32 KB, a batch 500 KB. These are the limits of the Segment specification, and so is the status."""

    kind = Kind.TOO_LARGE
    status = HTTPStatus.BAD_REQUEST
    code = "message_too_large"
    title = "Message too large"


class BatchRefused(DomainError):
    """The body is JSON, but no batch: an object with a list `batch`, or a list of CloudEvents."""

    kind = Kind.INVALID
    code = "batch_refused"
    title = "Batch refused"
