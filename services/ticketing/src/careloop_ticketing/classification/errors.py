from careloop_common.errors import DomainError, Kind


class InvalidRuleSet(DomainError):
    kind = Kind.INVALID
    code = "invalid_rule_set"
    title = "Invalid rule set"


class RuleSetNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "rule_set_not_found"
    title = "Rule set not found"
