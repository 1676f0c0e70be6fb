from careloop_common.errors import DomainError, Kind


class CustomerUnknownEverywhere(DomainError):
    """Profile knows no customer with this id, so there is nothing to compose a view of."""

    kind = Kind.NOT_FOUND
    code = "customer_view_not_found"
    title = "Customer not found"
