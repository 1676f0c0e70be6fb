from careloop_common.errors import DomainError, Kind


class CareTaskNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "care_task_not_found"
    title = "Care task not found"


class CareTaskAlreadyCompleted(DomainError):
    kind = Kind.CONFLICT
    code = "care_task_already_completed"
    title = "Care task already completed"
