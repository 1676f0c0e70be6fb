"""How large a rule may be: enough for what people write, too little to hurt a parser, a database or a reader."""

from careloop_common.rules.errors import Place, RuleError

MAX_TEXT = 4_000
"""Characters of a rule, as written and in its canonical text."""
MAX_DEPTH = 12
"""Levels of operators and functions inside one another. Any number of `&&` side by side is one level."""
MAX_NODES = 256
"""Operators, functions, attributes and values together; each item of a list counts."""
MAX_ITEMS = 100
"""Values in one list."""
MAX_LITERAL = 200
"""Characters of one text value."""
MAX_NESTING = 2 * MAX_DEPTH + 4
"""Open parentheses, calls and signs while reading: what bounds the parser's own recursion."""


class Budget:
    """Counts the nodes of one rule while it is read."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def spend(self, place: Place) -> None:
        """Count one node; `RuleError` when there are too many."""
        self._left -= 1
        if self._left < 0:
            raise RuleError.at(place, f"the rule has more than {MAX_NODES} parts")


def too_deep(place: Place) -> RuleError:
    """The error for a rule that nests too far."""
    return RuleError.at(place, f"the rule nests more than {MAX_DEPTH} levels deep")


def check_text(value: str, place: Place) -> str:
    """`value` if it can be a text value: short, no NUL (PostgreSQL has none) and no half of a surrogate pair."""
    if len(value) > MAX_LITERAL:
        raise RuleError.at(place, f"a text value has more than {MAX_LITERAL} characters")
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        raise RuleError.at(place, "a text value holds NUL or half of a surrogate pair")
    return value
