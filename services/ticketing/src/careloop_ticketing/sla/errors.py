from careloop_common.errors import DomainError, Kind


class InvalidPolicy(DomainError):
    """The parts of the SLA policy do not fit together; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_sla_policy"
    title = "Invalid SLA policy"


class PolicyNotFound(DomainError):
    """There is no SLA policy of this version."""

    kind = Kind.NOT_FOUND
    code = "sla_policy_not_found"
    title = "SLA policy not found"
