from careloop_common.errors import DomainError, Kind


class CourseNotFound(DomainError):
    """There is no course of this code: courses are made known with `PUT /v1/training/courses/{code}`."""

    kind = Kind.NOT_FOUND
    code = "course_not_found"
    title = "Course not found"


class InvalidResult(DomainError):
    """The course is unknown, the day has not come yet, or there is no such result to correct; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_training_result"
    title = "Invalid training result"


class ResultCorrected(DomainError):
    """Another result has taken its place already: correct that one; `corrected_by` names it."""

    kind = Kind.CONFLICT
    code = "training_result_corrected"
    title = "Training result corrected"
