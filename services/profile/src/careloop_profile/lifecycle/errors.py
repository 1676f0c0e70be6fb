from careloop_common.errors import DomainError, Kind


class InvalidTerms(DomainError):
    """The thresholds contradict each other, or are to hold from a time that has passed."""

    kind = Kind.INVALID
    code = "invalid_lifecycle_terms"
    title = "Invalid lifecycle terms"


class PersonListNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "person_list_not_found"
    title = "Person list not found"


class InvalidPersonList(DomainError):
    """The rule of the list cannot be read; `pointer` says where."""

    kind = Kind.INVALID
    code = "invalid_person_list"
    title = "Invalid person list"
