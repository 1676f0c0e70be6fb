from careloop_common.errors import DomainError, Kind


class CustomerNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "customer_not_found"
    title = "Customer not found"


class CustomerExists(DomainError):
    """The source system's key is taken."""

    kind = Kind.CONFLICT
    code = "customer_exists"
    title = "Customer exists"


class CustomerErased(DomainError):
    """The customer was erased on request: what is known of it is gone, and it does not come to be again."""

    kind = Kind.CONFLICT
    code = "customer_erased"
    title = "Customer erased"


class DatesReversed(DomainError):
    kind = Kind.INVALID
    code = "dates_reversed"
    title = "The end is before the beginning"


class TooManyFacts(DomainError):
    """A customer travels whole in one event, so there is an end to what may be said of one."""

    kind = Kind.INVALID
    code = "too_many_facts"
    title = "Too many facts about one customer"
