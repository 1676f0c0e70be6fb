"""Spans of days, and how long somebody has been a customer over all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

_DAY: Final = timedelta(days=1)
_YEAR: Final = 365.2425
_LAST: Final = date.max - _DAY


class Span(NamedTuple):
    """From its first day until the day before `until`; without that, until today."""

    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What one customer record tells of the time on net: when it joined and left, and what was subscribed to.

    The last day of a subscription is its own; whoever ports in on the next was never away. What has no last day ends when
    the customer leaves.
    """

    joined_on: date | None
    left_on: date | None
    subscriptions: tuple[tuple[date, date | None], ...]

    def spans(self) -> list[Span]:
        """Subscriptions are believed for the time that they tell of, the joining for the time before them."""
        until = _after(self.left_on) if self.left_on else None
        told = [Span(start, _after(end) if end else until) for start, end in self.subscriptions]
        if self.joined_on is None:
            return told
        first = min((span.since for span in told), default=until)
        if first is not None and first <= self.joined_on:
            return told
        return [Span(self.joined_on, first), *told]


def _after(day: date) -> date:
    """The day after. Some write 9999-12-31 where there is no last day, and after that there is none."""
    return min(day, _LAST) + _DAY


@dataclass(frozen=True, slots=True)
class Tenure:
    """`days` on net within `spans` that do not meet, `years` complete ones."""

    days: int
    years: int
    since: date | None
    active: bool
    spans: tuple[Span, ...]


def tenure(holdings: Iterable[Holding], today: date) -> Tenure:
    """The days on net of a person, each counted once, whatever number and source it was under."""
    spans = union((span for holding in holdings for span in holding.spans()), today)
    days = sum(((span.until or today + _DAY) - span.since).days for span in spans)
    return Tenure(
        days,
        int(days / _YEAR),
        spans[0].since if spans else None,
        bool(spans) and spans[-1].until is None,
        tuple(spans),
    )


def union(spans: Iterable[Span], today: date) -> list[Span]:
    """The spans up to today, the overlapping and adjoining ones as one; what lasts beyond today is open."""
    tomorrow = today + _DAY
    ends = sorted(
        (span.since, min(span.until or tomorrow, tomorrow)) for span in spans if span.since <= today
    )
    merged: list[tuple[date, date]] = []
    for since, until in ends:
        if until <= since:
            continue
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return [Span(since, None if until == tomorrow else until) for since, until in merged]
