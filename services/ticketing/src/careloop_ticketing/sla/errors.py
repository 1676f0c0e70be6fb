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


class PolicyInForce(DomainError):
    """The version that is to be put in force again is the active one."""

    kind = Kind.CONFLICT
    code = "sla_policy_in_force"
    title = "SLA policy in force"


class PolicyNotInForce(DomainError):
    """Only the active version is applied to what runs, which `active_version` names: an older one is restored first."""

    kind = Kind.CONFLICT
    code = "sla_policy_not_in_force"
    title = "SLA policy not in force"
