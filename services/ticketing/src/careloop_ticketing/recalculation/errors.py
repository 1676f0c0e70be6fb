from careloop_common.errors import DomainError, Kind


class RecalculationNotFound(DomainError):
    """No recalculation has this id."""

    kind = Kind.NOT_FOUND
    code = "recalculation_not_found"
    title = "Recalculation not found"


class RecalculationUnderWay(DomainError):
    """Another policy is still being applied to the clocks that run; `recalculation_id` names it."""

    kind = Kind.CONFLICT
    code = "recalculation_under_way"
    title = "Recalculation under way"
