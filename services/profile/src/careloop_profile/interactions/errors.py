from careloop_common.errors import DomainError, Kind


class ItemRefused(DomainError):
    """One interaction of a request cannot be taken; the others can."""

    kind = Kind.INVALID
    code = "item_refused"
    title = "Interaction refused"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class BatchTooLarge(DomainError):
    kind = Kind.TOO_LARGE
    code = "batch_too_large"
    title = "Batch too large"


class IntakeFull(DomainError):
    """More comes in than is being stored; nothing was taken that would be lost."""

    kind = Kind.RATE_LIMITED
    code = "intake_full"
    title = "Intake full"
