from careloop_common.errors import DomainError, Kind


class ScoringRunUnknown(DomainError):
    kind = Kind.NOT_FOUND
    code = "scoring_run_unknown"
    title = "Scoring run unknown"


class ScoringRunAlreadyQueued(DomainError):
    kind = Kind.CONFLICT
    code = "scoring_run_already_queued"
    title = "A scoring run is already queued"


class AsOfOutOfRange(DomainError):
    kind = Kind.INVALID
    code = "as_of_out_of_range"
    title = "as_of out of range"


class RunTakenOver(Exception):
    """Another process works on the run now; whatever this one still holds must not be written."""
