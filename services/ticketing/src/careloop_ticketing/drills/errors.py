from careloop_common.errors import DomainError, Kind


class DrillNotFound(DomainError):
    """There is no drill of this id."""

    kind = Kind.NOT_FOUND
    code = "drill_not_found"
    title = "Drill not found"


class InvalidDrill(DomainError):
    """Somebody is no active agent, or is named twice, or it is said to be over before it is; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_drill"
    title = "Invalid drill"


class DrillDone(DomainError):
    """The drill has taken place: what was planned, and what was found, stays as it is."""

    kind = Kind.CONFLICT
    code = "drill_done"
    title = "Drill done"


class MeasureNotFound(DomainError):
    """There is no measure of this id."""

    kind = Kind.NOT_FOUND
    code = "drill_measure_not_found"
    title = "Drill measure not found"
