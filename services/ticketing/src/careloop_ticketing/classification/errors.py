from careloop_common.errors import DomainError, Kind


class InvalidRuleSet(DomainError):
    """The rules do not fit together: two share an id, a phrase has no word, or a product is not on the list."""

    kind = Kind.INVALID
    code = "invalid_rule_set"
    title = "Invalid rule set"


class RuleSetNotFound(DomainError):
    """There is no rule set of this version."""

    kind = Kind.NOT_FOUND
    code = "rule_set_not_found"
    title = "Rule set not found"


class ProductUnknown(DomainError):
    """The active rule set does not have this product; `products` lists those that it has."""

    kind = Kind.INVALID
    code = "product_unknown"
    title = "Product unknown"
