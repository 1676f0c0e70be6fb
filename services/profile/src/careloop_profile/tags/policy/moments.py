"""When time alone may change a tag: from the days that rules compare with, without asking each rule.

`days_since(last_seen_at) >= 30` can only change on the thirtieth day, and whoever knows all the days that rules compare
`last_seen_at` with knows when to look again by one search in a short list. What is written in other ways is asked by
`next_change`, which takes longer. A moment that comes out may be too early, never too late.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import ceil, floor
from typing import Any, Final

from careloop_common.rules import Attribute, Rule, next_change, uses_now
from careloop_common.rules.tree import Call, Literal, Node, moves
from careloop_common.rules.values import begin_of, day_of, later, today

from careloop_profile.tags.policy.vocabulary import DATES, WINDOWS

DAY: Final = timedelta(days=1)
_COMPARING: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "between"})
_NEVER: Final = 1_000_000
"""Days, some 2,700 years: nobody waits for so long, and no calendar ends before."""
_SPREAD: Final = 6 * 3600
"""Seconds over which those are renewed whose windows move on at midnight."""


class Calendar:
    """The moments at which a set of rules may change their mind about a person."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        days: dict[str, set[int]] = {}
        others = []
        for rule in filter(uses_now, rules):
            found = list(_days(rule.root))
            if None in found:
                others.append(rule)
                continue
            for pair in found:
                assert pair is not None
                days.setdefault(pair[0], set()).update(pair[1])
        self.days: dict[str, Sequence[int]] = {name: sorted(given) for name, given in days.items()}
        self.others = tuple(others)

    def next(self, facts: Mapping[str, Any], now: datetime) -> datetime | None:
        """The first moment after `now` at which a rule may say something else of these facts; days begin where `now` is
        told."""
        first: datetime | None = None
        for name, days in self.days.items():
            then = facts.get(name)
            if then is None:
                continue
            moment = (_day_begins if name in DATES else _hours_pass)(then, days, now)
            if moment is not None and (first is None or moment < first):
                first = moment
        for rule in self.others:
            changes = next_change(rule, facts, now)
            if changes is not None and (first is None or changes < first):
                first = changes
        return first


def _hours_pass(then: datetime, days: Sequence[int], now: datetime) -> datetime | None:
    place = bisect_right(days, (now - then) // DAY)
    return later(then, days[place] * DAY) if place < len(days) else None


def _day_begins(date_: datetime, days: Sequence[int], now: datetime) -> datetime | None:
    here = today(now)
    began = day_of(date_, here)
    place = bisect_right(days, here.day - began)
    return begin_of(began + days[place], now.tzinfo) if place < len(days) else None


def _days(node: Node) -> Iterator[tuple[str, set[int]] | None]:
    """What of a rule depends on the time: a fact with the days it is compared with, or None for what is not of this form."""
    if not isinstance(node, Call) or not moves(node):
        return
    name, arguments = node.function.name, node.arguments
    if name in {"&&", "||", "!"}:
        for argument in arguments:
            yield from _days(argument)
        return
    numbers = [one.value for one in arguments if isinstance(one, Literal) and isinstance(one.value, float)]
    measured = [one for one in arguments if isinstance(one, Call) and one.function.name == "days_since"]
    simple = name in _COMPARING and len(measured) == 1 and len(numbers) == len(arguments) - 1
    if simple and isinstance(fact := measured[0].arguments[0], Attribute):
        # The day itself and the one after it, so that it does not matter on which side the bound belongs.
        days = {day for number in numbers for day in (ceil(number), floor(number) + 1)}
        yield fact.key, {day for day in days if abs(day) < _NEVER}
    else:
        yield None


def windows_move(days: Iterable[date], now: datetime, key: int) -> datetime | None:
    """When the first of these days leaves a window, for the person of this key: some hours after midnight, as not all
    are renewed at once."""
    today, ordered = now.astimezone(UTC).date(), sorted(days)
    leaving = []
    for window in (timedelta(days=length) for length in WINDOWS.values()):
        place = bisect_right(ordered, today - window)
        if place < len(ordered):
            leaving.append(ordered[place] + window)
    return _midnight(min(leaving), UTC, key) if leaving else None


def months_turn(now: datetime, key: int) -> datetime:
    """When ages are counted again: once a month where `now` is told, on a day that says nothing of a birthday."""
    first = (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)
    return _midnight(first, now.tzinfo, key)


def _midnight(day: date, zone: tzinfo | None, key: int) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC) + timedelta(seconds=key % _SPREAD)


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of the moments that there are."""
    return min((moment for moment in moments if moment is not None), default=None)
