from careloop_common.errors import DomainError, Kind


class InvalidPolicy(DomainError):
    kind = Kind.INVALID
    code = "invalid_sla_policy"
    title = "Invalid SLA policy"


class PolicyNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "sla_policy_not_found"
    title = "SLA policy not found"
