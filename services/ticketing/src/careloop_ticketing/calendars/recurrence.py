"""Which recurrence rules of an iCalendar file we expand.

A file may come from anybody. A rule that never matches keeps its reader busy until the year 9999, so only rules are taken
that match soon, or that end: what holidays use.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

_LEAP_YEAR: Final = 2024
_ALWAYS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
_PARTS: Final = {
    "DAILY": _ALWAYS,
    "WEEKLY": _ALWAYS | {"BYDAY"},
    "MONTHLY": _ALWAYS | {"BYDAY", "BYMONTHDAY"},
    "YEARLY": _ALWAYS | {"BYDAY", "BYMONTHDAY", "BYMONTH"},
}
# Some programs let birthdays begin in 1604.
_EARLIEST: Final = {"DAILY": 1970, "WEEKLY": 1970, "MONTHLY": 1970, "YEARLY": 1600}
_MOST_TIMES: Final = 1000
LONGEST: Final = timedelta(days=100)
"""No holiday goes on for longer."""


def expandable(rule: Mapping[str, Sequence[Any]], start: date) -> bool:
    frequency = str(_first(rule, "FREQ", ""))
    if frequency not in _PARTS or not set(rule) <= _PARTS[frequency]:
        return False
    most = 100 if frequency in {"DAILY", "WEEKLY"} else 1
    return (
        start.year >= _EARLIEST[frequency]
        and 1 <= _first(rule, "INTERVAL", 1) <= most
        and 1 <= _first(rule, "COUNT", 1) <= _MOST_TIMES
        and _days_exist(rule)
        and (frequency != "DAILY" or _is_over_soon(rule, start))
    )


def _is_over_soon(rule: Mapping[str, Sequence[Any]], start: date) -> bool:
    """Whether what is there every few days is a holiday, and not for ever."""
    times, until = _first(rule, "COUNT", None), _first(rule, "UNTIL", None)
    if times is not None:
        return timedelta(days=times * _first(rule, "INTERVAL", 1)) <= LONGEST
    return until is not None and date(until.year, until.month, until.day) - start < LONGEST


def ended_before(rule: Mapping[str, Sequence[Any]], day: date) -> bool:
    until = _first(rule, "UNTIL", None)
    return until is not None and date(until.year, until.month, until.day) < day


def _days_exist(rule: Mapping[str, Sequence[Any]]) -> bool:
    """Whether the days that the rule names come up every few years at least."""
    months = [int(month) for month in rule.get("BYMONTH", ())]
    longest = min((monthrange(_LEAP_YEAR, month)[1] for month in months), default=28)
    by_day = rule.get("BYDAY", ())
    if "BYMONTHDAY" in rule:
        # The first Monday is never the 28th.
        in_month = all(day == -1 or 1 <= day <= longest for day in rule["BYMONTHDAY"])
        return in_month and all(str(day).isalpha() for day in by_day)
    return all(str(day)[:-2] in {"", *"12345", "-1", "+1", "+2", "+3", "+4", "+5"} for day in by_day)


def _first(rule: Mapping[str, Sequence[Any]], part: str, default: Any) -> Any:
    return next(iter(rule.get(part, ())), default)
