from careloop_common.errors import DomainError, Kind


class ErasureNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "erasure_not_found"
    title = "Erasure request not found"


class SuppressionNotFound(DomainError):
    """Nobody who was called so was erased: what comes about it is taken in anyway."""

    kind = Kind.NOT_FOUND
    code = "suppression_not_found"
    title = "Suppression not found"


class SuppressionLifted(DomainError):
    """The suppression was lifted before; `lift_id` says by which lift."""

    kind = Kind.CONFLICT
    code = "suppression_lifted"
    title = "Suppression lifted before"
