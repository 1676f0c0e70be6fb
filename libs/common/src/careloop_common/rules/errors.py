"""The one error of this package."""

import difflib
from collections.abc import Iterable
from itertools import islice

from careloop_common.errors import DomainError, Kind

Place = int | str
"""Where something stands: a column (1-based, over the whole text) or a JSON Pointer into the stored form."""

_SHOWN = 40
_LOOKED_THROUGH = 2_000


class RuleError(DomainError):
    """A text or a document is not a rule.

    `column` (1-based, in code points over the whole text; also a member of the problem document) says where it goes
    wrong in a text, `pointer` (RFC 6901) where in a document.
    """

    kind = Kind.INVALID
    code = "rule_invalid"
    title = "Rule invalid"

    def __init__(self, detail: str = "", *, column: int | None = None, pointer: str | None = None) -> None:
        extra = {} if column is None else {"column": column}
        super().__init__(detail, pointer=pointer, **extra)
        self.column = column

    @classmethod
    def at(cls, place: Place, what: str) -> "RuleError":
        """The error `what` at a place of a text or of a document."""
        if isinstance(place, int):
            return cls(f"column {place}: {what}", column=place)
        return cls(f"{place or '/'}: {what}", pointer=place)

    def marked(self, text: str) -> str:
        """The line of `text` that is wrong and, below it, a caret under the place; for a terminal or a log."""
        start = (self.column or 1) - 1
        begin = text.rfind("\n", 0, start) + 1
        line = text[begin:].partition("\n")[0]
        return f"{line}\n{' ' * (start - begin)}^"


def shown(name: str) -> str:
    """`name` in quotes, cut to what fits into a message, without characters that a message cannot hold."""
    name = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name[: _SHOWN + 1])
    return f"'{name}'" if len(name) <= _SHOWN else f"'{name[:_SHOWN]}…'"


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known name that is most like `name`, or nothing."""
    found = difflib.get_close_matches(name[:_SHOWN], list(islice(known, _LOOKED_THROUGH)), n=1, cutoff=0.5)
    return f"; did you mean {shown(found[0])}?" if found else ""
