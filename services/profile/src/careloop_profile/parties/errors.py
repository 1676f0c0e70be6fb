from careloop_common.errors import DomainError, Kind


class RelationNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "relation_not_found"
    title = "Relation not found"


class RelationNotAllowed(DomainError):
    """Relations of this kind are not between customers of these kinds, or this cannot be said of one."""

    kind = Kind.INVALID
    code = "relation_not_allowed"
    title = "There are no such relations"


class RelationToSelf(DomainError):
    """Both ends are one customer, or two customers of one person."""

    kind = Kind.INVALID
    code = "relation_to_self"
    title = "A relation is between two"


class RelationOverlaps(DomainError):
    """`relation_id` says the same of some of these days, or what excludes it: a second superior, head or payer."""

    kind = Kind.CONFLICT
    code = "relation_overlaps"
    title = "Another relation holds at that time"


class RelationDecided(DomainError):
    """It was confirmed, dismissed or ended before."""

    kind = Kind.CONFLICT
    code = "relation_decided"
    title = "The relation is not open to this any more"


class LineInCircle(DomainError):
    """By the formal line, guardianship or ownership somebody would be over themselves."""

    kind = Kind.CONFLICT
    code = "line_in_circle"
    title = "The line would run in a circle"


class GuardianNeeded(DomainError):
    """Minors neither pay, lead a household nor guard others while nobody is their guardian."""

    kind = Kind.CONFLICT
    code = "guardian_needed"
    title = "A minor needs a guardian"


class OtherKindOfCustomer(DomainError):
    """The customer is no organisation, or neither a household nor an individual."""

    kind = Kind.CONFLICT
    code = "other_kind_of_customer"
    title = "The customer is of another kind"


class NotInOrganization(DomainError):
    """Nobody of the organisation is known by that id, or nobody of it decides."""

    kind = Kind.NOT_FOUND
    code = "not_in_organization"
    title = "Not in the organisation"


class AccountNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "account_not_found"
    title = "Account not found"


class AccountExists(DomainError):
    """The source system's key is taken."""

    kind = Kind.CONFLICT
    code = "account_exists"
    title = "Account exists"


class AccountClosed(DomainError):
    kind = Kind.CONFLICT
    code = "account_closed"
    title = "The account is closed"


class SpanTooLong(DomainError):
    """Anniversaries are listed for a month at a time."""

    kind = Kind.INVALID
    code = "span_too_long"
    title = "The span is too long"
