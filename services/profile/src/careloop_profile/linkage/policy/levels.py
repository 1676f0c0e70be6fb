"""Levels of a comparison: how two values of a field may be alike.

A model is trained in DuckDB and used here, so each level is there twice, as SQL and as Python; tests compare the two.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from careloop_profile.linkage.policy.strings import edits, jaro_winkler

Holds = Callable[[str, str], bool]
ELSE: Final = "else"
EQUAL: Final = "equal"


@dataclass(frozen=True, slots=True)
class Level:
    """`sql` has places for the two columns, `{one}` and `{other}`."""

    when: str
    holds: Holds
    sql: str


def _days(value: str) -> int | None:
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError:
        return None


def _near(most: int) -> Holds:
    def holds(one: str, other: str) -> bool:
        ours, theirs = _days(one), _days(other)
        return ours is not None and theirs is not None and abs(ours - theirs) <= most

    return holds


def _alike(least: float) -> Holds:
    def holds(one: str, other: str) -> bool:
        # Of Chinese names two characters are too few to be nearly alike.
        return one.isascii() and other.isascii() and jaro_winkler(one, other) >= least

    return holds


def _words(least: int) -> Holds:
    return lambda one, other: len(set(one.split(" ")) & set(other.split(" "))) >= least


_WRITTEN: Final = re.compile(r"([a-z_]+)(?: (\d{1,5}|0\.\d{1,3}))?")
_COUNTED: Final[dict[str, tuple[Callable[[int], Holds], str]]] = {
    "edits": (lambda n: lambda a, b: edits(a, b) <= n, "damerau_levenshtein({one}, {other}) <= %s"),
    "first": (lambda n: lambda a, b: a[:n] == b[:n], "left({one}, %s) = left({other}, %s)"),
    "last": (lambda n: lambda a, b: a[-n:] == b[-n:], "right({one}, %s) = right({other}, %s)"),
    "words": (
        _words,
        "len(list_intersect(string_split({one}, ' '), string_split({other}, ' '))) >= %s",
    ),
    "days": (
        _near,
        "abs(date_diff('day', try_cast({one} AS date), try_cast({other} AS date))) <= %s",
    ),
}
_ALIKE_SQL: Final = (
    "strlen({one}) = length({one}) AND strlen({other}) = length({other})"
    " AND jaro_winkler_similarity({one}, {other}) >= %s"
)
_LOCAL_SQL: Final = "split_part({one}, '@', 1) = split_part({other}, '@', 1)"


def level(when: str) -> Level:
    """The level that is written so: `equal`, `jaro_winkler 0.92`, `edits 1`, `first 4`, `last 7`, `words 2`, `days 366`,
    `mailbox`, or `else`."""
    if when == EQUAL:
        return Level(when, lambda a, b: a == b, "{one} = {other}")
    if when == ELSE:
        return Level(when, lambda _a, _b: True, "ELSE")
    if when == "mailbox":
        return Level(when, lambda a, b: a.split("@")[0] == b.split("@")[0], _LOCAL_SQL)
    match = _WRITTEN.fullmatch(when)
    name, number = match.groups() if match else ("", None)
    if name == "jaro_winkler" and number and "." in number:
        return Level(when, _alike(float(number)), _ALIKE_SQL % number)
    if name in _COUNTED and number and number.isdecimal() and int(number) > 0:
        make, sql = _COUNTED[name]
        return Level(when, make(int(number)), sql.replace("%s", number))
    raise ValueError(f"there is no level {when!r}")
