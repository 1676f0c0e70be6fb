from careloop_common.errors import DomainError, Kind


class ErasureNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "erasure_not_found"
    title = "Erasure request not found"
