from careloop_common.errors import DomainError, Kind


class MedalNotFound(DomainError):
    """There is no medal of this code: medals are made known with `PUT /v1/medals/{code}`."""

    kind = Kind.NOT_FOUND
    code = "medal_not_found"
    title = "Medal not found"


class MedalUnknown(DomainError):
    """The request names a medal that does not exist, or is not awarded any more."""

    kind = Kind.INVALID
    code = "medal_unknown"
    title = "Medal unknown"


class InvalidMedal(DomainError):
    """Nobody's figures can ever meet the rule of the medal."""

    kind = Kind.INVALID
    code = "invalid_medal"
    title = "Invalid medal"


class MedalByFigures(DomainError):
    """The figures decide who gets this medal, or nobody's do: it is given in the other way."""

    kind = Kind.CONFLICT
    code = "medal_by_figures"
    title = "Medal by figures"


class MedalAlreadyAwarded(DomainError):
    """They were awarded this medal for this month before, be it that it was taken back; `award_id` names the award."""

    kind = Kind.CONFLICT
    code = "medal_already_awarded"
    title = "Medal already awarded"


class MonthNotOver(DomainError):
    """The month has not ended where the operator is, or, for a dry run, has not begun."""

    kind = Kind.INVALID
    code = "month_not_over"
    title = "Month not over"


class AwardNotFound(DomainError):
    """There is no award of this id."""

    kind = Kind.NOT_FOUND
    code = "medal_award_not_found"
    title = "Medal award not found"


class AwardTakenBack(DomainError):
    """The medal was taken back before."""

    kind = Kind.CONFLICT
    code = "medal_award_taken_back"
    title = "Medal award taken back"
