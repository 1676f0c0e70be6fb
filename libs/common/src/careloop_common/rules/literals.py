"""How values are written: `"text"`, `2026-01-01T08:00:00+08:00`, `72h`, `1h30m`, `-90s`."""

import re
from contextlib import suppress
from datetime import datetime, timedelta

from careloop_common.rules.errors import Place, RuleError, shown
from careloop_common.rules.values import LONGEST, MICROSECOND, timestamp

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_UNITS = {
    "d": timedelta(days=1) // MICROSECOND,
    "h": timedelta(hours=1) // MICROSECOND,
    "m": timedelta(minutes=1) // MICROSECOND,
    "s": timedelta(seconds=1) // MICROSECOND,
    "ms": 1_000,
    "us": 1,
}
"""Microseconds of each unit, longest first. A day is 24 hours; CEL has no `d`, and people count in days."""
_DURATION = re.compile(r"(-?)((?:[0-9]{1,18}(?:d|h|ms|m|us|s))+)")
_PART = re.compile(r"([0-9]+)(d|h|ms|m|us|s)")


def write_text(value: str) -> str:
    """The canonical text of a text value."""
    return f'"{"".join(map(_escaped, value))}"'


def read_timestamp(written: str, place: Place) -> datetime:
    """The time that `written` (RFC 3339, with zone) means, in UTC; `RuleError` at `place` otherwise."""
    if _TIMESTAMP.fullmatch(written):
        with suppress(ValueError):
            if found := timestamp(datetime.fromisoformat(written)):
                return found
    what = f"{shown(written)} is not a time; write it as in 2026-01-31T08:00:00Z or with +08:00"
    raise RuleError.at(place, what)


def write_timestamp(value: datetime) -> str:
    """The canonical text of a time in UTC."""
    return value.isoformat().removesuffix("+00:00") + "Z"


def read_duration(written: str, place: Place) -> timedelta:
    """The duration that `written` means; `RuleError` at `place` if it is none or over 10,000 years."""
    found = _DURATION.fullmatch(written)
    if not found:
        raise RuleError.at(place, f"{shown(written)} is not a duration; write it as in 72h, 30d or 1h30m")
    microseconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(found[2]))
    if microseconds > LONGEST // MICROSECOND:
        raise RuleError.at(place, f"{shown(written)} is longer than 10,000 years")
    return (-1 if found[1] else 1) * timedelta(microseconds=microseconds)


def write_duration(value: timedelta) -> str:
    """The canonical text of a duration: a whole number of the longest unit that fits."""
    microseconds = value // MICROSECOND
    unit = next(unit for unit, length in _UNITS.items() if microseconds % length == 0)
    return f"{microseconds // _UNITS[unit]}{unit}" if microseconds else "0s"


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() or char == "\N{IDEOGRAPHIC SPACE}" else f"\\U{ord(char):08x}"
