"""The stages of a person's life with us, as one table: from where, to where, and when.

The first row counts whose condition holds and that leads from where the person is. So the order of the rows is the order of
what matters: who has left is not silent, who is silent does not grow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from careloop_common.rules.values import begin_of, date_days_since, day_of, later, today

from careloop_profile.lifecycle.policy.terms import Terms

DAY: Final = timedelta(days=1)


class Stage(StrEnum):
    PROSPECT = "prospect"
    ONBOARDING = "onboarding"
    GROWTH = "growth"
    MATURE = "mature"
    DECLINE = "decline"
    SILENT_30 = "silent_30"
    SILENT_60 = "silent_60"
    SILENT_90 = "silent_90"
    LEFT = "left"
    WIN_BACK = "win_back"


_TRENDS: Final = ('attribute("arpu_trend")', 'attribute("usage_trend")')


@dataclass(slots=True)
class Standing:
    """What decides about the stage of a person; days begin where `now` is told."""

    facts: Mapping[str, Any]
    stage: Stage | None
    since: datetime | None
    terms: Terms
    now: datetime
    active: bool = field(init=False)
    quiet_days: int = field(init=False)
    tenure_days: int | None = field(init=False)

    def __post_init__(self) -> None:
        # Nearly every row asks for these.
        self.active = self.facts.get("status") == "active"
        seen = self.seen_at
        self.quiet_days = (self.now - seen) // DAY if seen else 0
        self.tenure_days = date_days_since(self.facts.get("joined_at"), today(self.now))

    @property
    def seen_at(self) -> datetime | None:
        """When there was a sign of life; before the first one, when the person joined and became known: of somebody who
        came with an import nobody knows what was before."""
        seen: datetime | None = self.facts.get("last_seen_at")
        if seen is None:
            known = [self.facts.get(name) for name in ("joined_at", "known_at")]
            seen = max((moment for moment in known if moment is not None), default=None)
        return seen

    @property
    def onboarded_at(self) -> datetime | None:
        """When the days are over in which somebody is new."""
        joined = self.facts.get("joined_at")
        if joined is None:
            return None
        return begin_of(day_of(joined, today(self.now)) + self.terms.onboarding_days, self.now.tzinfo)

    @property
    def trend(self) -> float:
        """The stronger of the trends of usage and revenue."""
        known = [one for one in map(self.facts.get, _TRENDS) if isinstance(one, int | float)]
        return max(known, key=abs, default=0.0)

    @property
    def complaints(self) -> float:
        return self.facts.get('attribute("open_complaints")') or 0


@dataclass(frozen=True, slots=True)
class Transition:
    """`of` are the stages that it leads from; None is wherever the person is."""

    to: Stage
    because: str
    holds: Callable[[Standing], bool]
    of: frozenset[Stage | None] | None = None


def _away(one: Standing) -> bool:
    return one.active and one.quiet_days >= one.terms.left_after_days


def _silent(degree: int) -> Callable[[Standing], bool]:
    return lambda one: one.active and one.quiet_days >= one.terms.silent_days[degree]


def _new(one: Standing) -> bool:
    return one.active and one.tenure_days is not None and one.tenure_days < one.terms.onboarding_days


def _back(one: Standing) -> bool:
    return one.active and one.quiet_days < one.terms.silent_days[0]


def _won_back(one: Standing) -> bool:
    return one.active and one.since is not None and (one.now - one.since) // DAY < one.terms.win_back_days


TABLE: Final = (
    Transition(Stage.LEFT, "the contract ended", lambda one: one.facts.get("status") == "left"),
    Transition(Stage.PROSPECT, "not a customer yet", lambda one: one.facts.get("status") == "prospect"),
    Transition(Stage.LEFT, "silent for too long", _away),
    Transition(Stage.WIN_BACK, "came back", _back, frozenset({Stage.LEFT})),
    Transition(Stage.SILENT_90, "no sign of life", _silent(2)),
    Transition(Stage.SILENT_60, "no sign of life", _silent(1)),
    Transition(Stage.SILENT_30, "no sign of life", _silent(0)),
    Transition(Stage.WIN_BACK, "came back lately", _won_back, frozenset({Stage.WIN_BACK})),
    Transition(Stage.ONBOARDING, "joined lately", _new),
    Transition(
        Stage.DECLINE,
        "open complaints",
        lambda one: one.active and one.complaints >= one.terms.open_complaints,
    ),
    Transition(Stage.DECLINE, "uses or pays less", lambda one: one.active and one.trend < -one.terms.trend),
    Transition(Stage.GROWTH, "uses or pays more", lambda one: one.active and one.trend > one.terms.trend),
    Transition(Stage.MATURE, "steady", lambda one: one.active),
)


def move(one: Standing) -> Transition | None:
    """Where the person moves to and why; None if it stays, or if nothing is known of it."""
    for row in TABLE:
        if (row.of is None or one.stage in row.of) and row.holds(one):
            return None if row.to is one.stage else row
    return None


def next_moment(one: Standing) -> datetime | None:
    """When time alone may move the person on."""
    terms, moments = one.terms, []
    if one.active:
        # They follow each other, so the first one ahead is the only one that matters.
        ahead = (days for days in (*terms.silent_days, terms.left_after_days) if days > one.quiet_days)
        if (days := next(ahead, None)) is not None:
            moments.append(later(one.seen_at, days * DAY))
        if _new(one):
            moments.append(one.onboarded_at)
    if one.stage is Stage.WIN_BACK:
        moments.append(later(one.since, terms.win_back_days * DAY))
    return min((moment for moment in moments if moment and moment > one.now), default=None)
