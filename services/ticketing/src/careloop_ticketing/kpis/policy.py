"""What a figure counts, and which pauses deserve a second look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from careloop_ticketing.sla.policy.clock import Activity, Clock

LOOP_GOAL: Final = timedelta(hours=72)
REPEAT_WINDOW: Final = timedelta(days=7)
"""How long after its resolution a case counts as solved at first contact only provisionally."""
LAST_MINUTE: Final = 0.9
"""Share of the target from which on a pause looks like a rescue."""
LONG_PAUSE: Final = timedelta(hours=1)


class Grouping(StrEnum):
    """What figures may be told apart by."""

    ALL = "all"
    REGION = "region"
    CHANNEL = "channel"
    KIND = "kind"
    CAUSE = "cause"
    PRODUCT = "product"
    TIER = "tier"
    SEVERITY = "severity"
    LEVEL = "level"
    TEAM = "team"
    LANGUAGE = "language"
    VIP = "vip"
    ASSIGNEE = "assignee"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Ratio:
    """`numerator` of `denominator`; `excluded` are in neither, because it is not decided yet or does not concern them."""

    numerator: int
    denominator: int
    excluded: int

    @property
    def ratio(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Attainment(Ratio):
    """Of the clocks of one name."""

    late_by_change: int
    """Of those that are excluded: late only because their terms were changed."""


class Suspicion(StrEnum):
    """Why a pause deserves a second look."""

    NOTHING_ASKED = "nothing_asked"
    """It waits for the customer, to whom nobody has written since they last did."""
    LAST_MINUTE = "last_minute"
    """It began when nine tenths of the target were used up."""
    MOSTLY_PAUSED = "mostly_paused"
    """The clock has paused for longer than it ran."""
    LOWERED_FIRST = "lowered_first"
    """It began after the tier or the severity of the ticket was lowered."""


@dataclass(frozen=True, slots=True)
class Finding:
    suspicion: Suspicion
    started_at: datetime
    ended_at: datetime | None
    actor_id: str | None
    reason: str | None


def suspicious(
    clock: Clock,
    *,
    heard: Sequence[datetime],
    answered: Sequence[datetime],
    now: datetime,
    lowered: Sequence[datetime] = (),
) -> Iterator[Finding]:
    """The pauses of a clock that look like a way round it.

    `heard` and `answered` are when the customer wrote, the opening included, and when somebody wrote to them; `lowered` is
    when somebody said that the ticket is less grave.
    """
    run = paused = timedelta()
    last = None
    for span in clock.intervals:
        lasted = clock.hours.between(span.started_at, max(span.ended_at or now, span.started_at))
        if span.activity is Activity.RUN:
            run += lasted
            continue
        paused, last = paused + lasted, span
        because = span.because
        about = (
            span.started_at,
            span.ended_at,
            because.actor_id if because else None,
            because.reason if because else None,
        )
        if about[3] == "waiting_for_customer" and _nothing_asked(span.started_at, heard, answered):
            yield Finding(Suspicion.NOTHING_ASKED, *about)
        if LAST_MINUTE * clock.target <= run < clock.target:
            yield Finding(Suspicion.LAST_MINUTE, *about)
        if any(moment <= span.started_at for moment in lowered):
            yield Finding(Suspicion.LOWERED_FIRST, *about)
    if last and paused > run and paused >= LONG_PAUSE:
        because = last.because
        by, why = (because.actor_id, because.reason) if because else (None, None)
        yield Finding(Suspicion.MOSTLY_PAUSED, last.started_at, last.ended_at, by, why)


def _nothing_asked(at: datetime, heard: Sequence[datetime], answered: Sequence[datetime]) -> bool:
    last_heard = max((moment for moment in heard if moment <= at), default=None)
    return last_heard is not None and not any(last_heard <= moment <= at for moment in answered)
