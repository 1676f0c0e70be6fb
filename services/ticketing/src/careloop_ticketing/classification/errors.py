from careloop_common.errors import DomainError, Kind


class InvalidRuleSet(DomainError):
    """The rules do not fit together: two share an id, or a phrase has no word."""

    kind = Kind.INVALID
    code = "invalid_rule_set"
    title = "Invalid rule set"


class RuleSetNotFound(DomainError):
    """There is no rule set of this version."""

    kind = Kind.NOT_FOUND
    code = "rule_set_not_found"
    title = "Rule set not found"
