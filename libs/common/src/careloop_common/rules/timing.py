"""When a rule changes its mind by time alone: what a timer is set to, so that nobody looks through everybody each night.

The values stay as they are and only now() moves. Then a time or a duration of a rule is a straight line (`Line`), days and
years since a fixed time are a staircase (`Steps`), and everything else stands still. Each part has its value now and how
long that is certain: a comparison's until two lines meet or a stair is reached, that of `&&` as long as one operand is
surely false. Where the certainty ends the rule is asked again, so that an end which changes nothing is passed over.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache, partial
from math import ceil, floor
from typing import Any, Final

from careloop_common.rules import values
from careloop_common.rules.catalogue import BOOL, DURATION, TIMESTAMP
from careloop_common.rules.functions import AND, DAYS_SINCE, NOT, NOW, OR, RELATIVE
from careloop_common.rules.lines import NEVER, Line, Steps, microseconds
from careloop_common.rules.python import compile_values, moment
from careloop_common.rules.tree import Call, Node, Rule, moves
from careloop_common.rules.values import EPOCH, FIRST, LAST, LONGEST, MICROSECOND, ONE_DAY

MOST: Final = 64
"""How often a rule is asked again before the answer is a time at which somebody should ask once more."""
_BOUNDS: Final = {
    TIMESTAMP: (microseconds(FIRST), microseconds(LAST)),
    DURATION: (-(LONGEST // MICROSECOND), LONGEST // MICROSECOND),
}


def next_change(rule: Rule, row: Mapping[str, Any], now: datetime) -> datetime | None:
    """The first moment after `now` at which `rule` may say something else of the values in `row`; none if it never will.

    It is never too late. It is the very moment for comparisons of times and durations, for `days_since` and `age_years`
    of a fixed time beside numbers that stand still, and for what `&&`, `||` and `!` make of them; with other
    calculations it can be too early, and then one asks again. Those of dates change when a day begins in the zone of `now`.
    `row` is as for `compile_python`; a value in it that has a time in itself, such as a count over 30 days, is its
    owner's to renew.
    """
    plan = _plan(rule)
    facts = dict(zip(plan.still, plan.values_of(row), strict=True))
    held, until = _Moment(facts, microseconds(moment(now)), now.tzinfo).condition(plan.root)
    for _ in range(MOST):
        if until >= NEVER:
            return None
        holds, later = _Moment(facts, until, now.tzinfo).condition(plan.root)
        if holds != held:
            break
        until = later
    return EPOCH + until * MICROSECOND if until < NEVER else None


Form = Any
"""How a value depends on now(): a `Line`, `Steps`, or what stands still as it is; None is missing."""
Known = tuple[Form, int]
"""A form, and the first moment at which it may be another one."""

_HOLDS: Final[dict[str, Callable[..., bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "between": lambda value, least, most: least <= value <= most,
    "in": lambda value, *items: value in items,
}
_CALCULATED: Final[dict[str, Callable[..., Any]]] = {
    "+(number, number)": values.plus,
    "-(number, number)": values.minus,
    "*(number, number)": values.times,
    "/(number, number)": values.divided,
    "-(number)": values.negative,
}


@dataclass(frozen=True, slots=True)
class _Plan:
    root: Node
    still: tuple[int, ...]
    """Which parts do not depend on now(), as large as they can be, by `id`."""
    values_of: Callable[[Mapping[str, Any]], list[Any]]


@lru_cache(maxsize=4096)
def _plan(rule: Rule) -> _Plan:
    parts = list(_still(rule.root))
    values_of = compile_values(parts)
    return _Plan(
        rule.root,
        tuple(map(id, parts)),
        lambda row: [_standing(part, value) for part, value in zip(parts, values_of(row), strict=True)],
    )


def _still(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and moves(node):
        for argument in node.arguments:
            yield from _still(argument)
    else:
        yield node


def _standing(node: Node, value: Any) -> Form:
    if value is None or node.type not in _BOUNDS:
        return value
    return Line(0, microseconds(value) if node.type == TIMESTAMP else value // MICROSECOND)


class _Moment:
    """What is so at one moment, in microseconds, and until when."""

    def __init__(self, facts: Mapping[int, Form], now: int, zone: tzinfo | None) -> None:
        self._facts = facts
        self._now = now
        self._zone = zone

    def condition(self, node: Node) -> tuple[bool, int]:
        """Whether the node holds, and the first moment at which that may change."""
        if id(node) in self._facts:
            return self._facts[id(node)] is True, NEVER
        assert isinstance(node, Call)
        name = node.function.name
        if name == NOT:
            held, until = self.condition(node.arguments[0])
            return not held, until
        if name in {AND, OR}:
            return _joined(list(map(self.condition, node.arguments)), decides=name == OR)
        return self._leaf(node)

    def _leaf(self, node: Call) -> tuple[bool, int]:
        known = [self._value(argument) for argument in node.arguments]
        if (gap := _gap(known)) is not None:
            return False, gap
        first, *others = (form for form, _ in known)
        if node.function.name == "in":
            others = list(others[0])
        holds = _HOLDS[node.function.name](*map(self._is, (first, *others)))
        return holds, min(self._ends(first, others), *(until for _, until in known))

    def _is(self, form: Form) -> Any:
        if isinstance(form, Line):
            return form.at(self._now)
        return form.value if isinstance(form, Steps) else form

    def _ends(self, first: Form, others: Sequence[Form]) -> int:
        """When the order of the first form and the others may be another one."""
        if isinstance(first, Line):
            apart = (Line(first.slope - other.slope, first.offset - other.offset) for other in others)
            return min(line.turns(0, self._now) for line in apart)
        forms = (first, *others)
        stairs = [form for form in forms if isinstance(form, Steps)]
        if len(stairs) != 1:
            return _next_step(stairs)
        (stair,) = stairs
        levels = {level for form in forms if form is not stair for level in (ceil(form), floor(form) + 1)}
        return min((stair.reaches(level) for level in levels if level > stair.value), default=NEVER)

    def _value(self, node: Node) -> Known:
        if id(node) in self._facts:
            return self._facts[id(node)], NEVER
        assert isinstance(node, Call)
        if node.function.name == NOW:
            return Line(1, 0), NEVER
        if node.type == BOOL:
            return self.condition(node)
        known = [self._value(argument) for argument in node.arguments]
        if (gap := _gap(known)) is not None:
            return None, gap
        until = min(until for _, until in known)
        operands = [form for form, _ in known]
        if node.function.dates:
            form, own = self._dated(node.function.name, operands[0]), NEVER
        elif node.function.name in RELATIVE:
            form, own = self._measured(node.function.name, operands[0])
        elif node.type in _BOUNDS:
            form, own = self._bounded(_combined(node.function.name, operands), *_BOUNDS[node.type])
        else:
            form = _CALCULATED[node.function.key](*map(self._is, operands))
            own = _next_step(operands)
        return form, min(until, own)

    def _bounded(self, line: Line, least: int, most: int) -> Known:
        until = min(line.turns(least, self._now), line.turns(most, self._now))
        return (line if least <= line.at(self._now) <= most else None), until

    def _measured(self, name: str, then: Line) -> Known:
        """Days or years since a time: steps if it is fixed; else what it is now, until a day begins or the hours cross."""
        start = then.at(self._now)
        if name == DAYS_SINCE:
            days = (self._now - start) // ONE_DAY
            if not then.slope:
                return Steps(days, lambda count: start + count * ONE_DAY), NEVER
            return days, Line(1 - then.slope, -then.offset).steps(self._now)
        date = EPOCH + start * MICROSECOND
        years = values.age_years(date, EPOCH + self._now * MICROSECOND)
        if not then.slope:
            return Steps(years or 0, partial(_reaches_age, date)), NEVER
        days = self._now // ONE_DAY - start // ONE_DAY
        hours = Line(1 - then.slope, -then.offset - days * ONE_DAY)
        return years, min(Line(1, 0).steps(self._now), then.steps(self._now), hours.turns(0, self._now))

    def _dated(self, name: str, then: Line) -> Form:
        """Days or years since a date: steps at the begin of days."""
        today = values.today(self._here())
        date = EPOCH + then.offset * MICROSECOND
        born = values.day_of(date, today)
        if name == DAYS_SINCE:
            return Steps(today.day - born, lambda count: _begins(born + count, self._zone))
        years = values.date_age_years(date, today)
        return None if years is None else Steps(years, partial(_reaches_birthday, born, self._zone))

    def _here(self) -> datetime:
        now = EPOCH + self._now * MICROSECOND
        try:
            return now.astimezone(self._zone)
        except OverflowError:  # where it is the year 10000 already
            return now


def _begins(day: int, zone: tzinfo | None) -> int:
    found = values.begin_of(day, zone)
    return NEVER if found is None else microseconds(found)


def _reaches_birthday(born: int, zone: tzinfo | None, years: int) -> int:
    day = values.date_anniversary(born, years)
    return NEVER if day is None else _begins(day, zone)


def _reaches_age(date: datetime, years: int) -> int:
    found = values.anniversary(date, years)
    return NEVER if found is None else microseconds(found)


def _combined(name: str, operands: Sequence[Line]) -> Line:
    left, right = operands if len(operands) == 2 else (Line(0, 0), operands[0])
    sign = 1 if name == "+" else -1
    return Line(left.slope + sign * right.slope, left.offset + sign * right.offset)


def _next_step(forms: Sequence[Form]) -> int:
    return min((form.reaches(form.value + 1) for form in forms if isinstance(form, Steps)), default=NEVER)


def _gap(known: Sequence[Known]) -> int | None:
    """Until when one of these is surely missing, if one is: nothing can be said of them before."""
    return max((until for form, until in known if form is None), default=None)


def _joined(known: Sequence[tuple[bool, int]], *, decides: bool) -> tuple[bool, int]:
    """`&&` or `||`: as soon as one operand is what decides, the others do not matter."""
    deciding = [until for holds, until in known if holds == decides]
    return (decides, max(deciding)) if deciding else (not decides, min(until for _, until in known))
