from careloop_common.errors import DomainError, Kind


class MergeNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "merge_not_found"
    title = "Merge not found"


class MergeUndone(DomainError):
    """It was taken back before, or what it joined is several persons by now for another reason."""

    kind = Kind.CONFLICT
    code = "merge_undone"
    title = "The merge does not hold any more"


class NotMergeable(DomainError):
    """What forbids it is in `refusal`: too_large, other_kind, other_identity_number or kept_apart."""

    kind = Kind.CONFLICT
    code = "not_mergeable"
    title = "These cannot be one person"


class AlreadyOnePerson(DomainError):
    kind = Kind.CONFLICT
    code = "already_one_person"
    title = "These are one person already"


class OnePersonAlone(DomainError):
    kind = Kind.CONFLICT
    code = "one_person_alone"
    title = "The customer is a person alone"


class HeldTogether(DomainError):
    """Other evidence, through customers who joined later, says the same; split those off first."""

    kind = Kind.CONFLICT
    code = "held_together"
    title = "Other evidence holds them together"
