from careloop_common.errors import DomainError, Kind


class BulkJobNotFound(DomainError):
    """No bulk job has this id."""

    kind = Kind.NOT_FOUND
    code = "bulk_job_not_found"
    title = "Bulk job not found"


class InvalidBulkJob(DomainError):
    """What is chosen is no ticket, more than one job takes, a ticket twice, or one that does not exist."""

    kind = Kind.INVALID
    code = "invalid_bulk_job"
    title = "Invalid bulk job"


class BulkJobUnfinished(DomainError):
    """The job is still at work: wait until it is done, or cancel it."""

    kind = Kind.CONFLICT
    code = "bulk_job_unfinished"
    title = "Bulk job unfinished"


class BulkJobDone(DomainError):
    """The job is done, so that nothing is left to be cancelled; it may be undone."""

    kind = Kind.CONFLICT
    code = "bulk_job_done"
    title = "Bulk job done"


class UndoImpossible(DomainError):
    """There is nothing to undo: the act has no inverse, nothing was changed, or the items are forgotten already."""

    kind = Kind.CONFLICT
    code = "undo_impossible"
    title = "Undo impossible"


class BulkJobUndone(DomainError):
    """The job is undone already, or being undone, by the job that `undone_by` names."""

    kind = Kind.CONFLICT
    code = "bulk_job_undone"
    title = "Bulk job undone"


class ChangedSince(DomainError):
    """The ticket has gone on since the job that is to be undone; `current_version` is where it stands."""

    kind = Kind.PRECONDITION
    code = "changed_since"
    title = "Changed since"


class ActFailed(DomainError):
    """An unexpected failure of this one item; the logs have it."""

    kind = Kind.CONFLICT
    code = "act_failed"
    title = "Act failed"
