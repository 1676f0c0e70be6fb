"""Recency, frequency, money: quintile scores and eight named value segments around stored cut points.

Quintiles order customers by (value, customer id), so that every engine and every run cuts ties alike. The split into
high and low uses values only: customers with equal facts are in the same segment.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from statistics import fmean
from typing import Any
from uuid import UUID

from careloop_scoring.customers.policy import (
    DAYS_PER_MONTH,
    Facts,
    contract_months,
    in_force,
    longest_contract,
    monthly_fee,
    reference_day,
    tenure_months,
)

QUINTILES = 5

MIN_CUSTOMERS = 30
"""Fewer customers than this give no cut points."""


class Basis(StrEnum):
    """Where the measures come from: recorded payments, or the subscriptions where no payment is known."""

    ACTIVITY = "activity"
    SUBSCRIPTION = "subscription"


class Segment(StrEnum):
    CHAMPION = "champion"
    PROMISING = "promising"
    DRIFTING = "drifting"
    SLIPPING = "slipping"
    LOYAL = "loyal"
    NEW = "new"
    FADING = "fading"
    DORMANT = "dormant"


NAMES: dict[Segment, tuple[str, str]] = {
    Segment.CHAMPION: ("Important value customers", "重要价值客户"),
    Segment.PROMISING: ("Important growth customers", "重要发展客户"),
    Segment.DRIFTING: ("Important customers to keep", "重要保持客户"),
    Segment.SLIPPING: ("Important customers to win back", "重要挽留客户"),
    Segment.LOYAL: ("General value customers", "一般价值客户"),
    Segment.NEW: ("General growth customers", "一般发展客户"),
    Segment.FADING: ("General customers to keep", "一般保持客户"),
    Segment.DORMANT: ("General customers to win back", "一般挽留客户"),
}

# (recent, frequent, spends much)
_SEGMENTS: dict[tuple[bool, bool, bool], Segment] = {
    (True, True, True): Segment.CHAMPION,
    (True, False, True): Segment.PROMISING,
    (False, True, True): Segment.DRIFTING,
    (False, False, True): Segment.SLIPPING,
    (True, True, False): Segment.LOYAL,
    (True, False, False): Segment.NEW,
    (False, True, False): Segment.FADING,
    (False, False, False): Segment.DORMANT,
}


@dataclass(frozen=True, slots=True)
class Measures:
    """More is better in each: `recency` is minus the days since the last payment, or the last renewal."""

    customer_id: UUID
    recency: float
    frequency: float
    monetary: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The first (value, customer id) of the second to the fifth quintile, and the mean that splits high from low."""

    quintiles: tuple[tuple[float, str], ...]
    split: float

    def score(self, value: float, customer_id: UUID) -> int:
        return 1 + bisect_right(self.quintiles, (value, str(customer_id)))

    def high(self, value: float) -> bool:
        return value >= self.split


@dataclass(frozen=True, slots=True)
class CutPoints:
    recency: Cut
    frequency: Cut
    monetary: Cut
    customers: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "CutPoints":
        return cls(
            **{
                name: Cut(tuple((value, key) for value, key in raw[name]["quintiles"]), raw[name]["split"])
                for name in ("recency", "frequency", "monetary")
            },
            customers=raw["customers"],
        )


@dataclass(frozen=True, slots=True)
class Placement:
    segment: Segment
    basis: Basis
    recency: int
    frequency: int
    monetary: int


def measure(facts: Facts, as_of: datetime) -> dict[Basis, Measures]:
    """What each basis says of a customer; nothing where neither payments nor subscriptions are known."""
    found = {
        Basis.ACTIVITY: _from_payments(facts, as_of),
        Basis.SUBSCRIPTION: _from_subscriptions(facts, as_of.date()),
    }
    return {basis: one for basis, one in found.items() if one}


def _from_payments(facts: Facts, as_of: datetime) -> Measures | None:
    activity = facts.activity
    if not (activity and activity.payments and activity.last_paid_at):
        return None
    days = max(0.0, (as_of - activity.last_paid_at).total_seconds() / 86_400)
    return Measures(facts.customer_id, -days, float(activity.payments), activity.amount)


def _from_subscriptions(facts: Facts, as_of: date) -> Measures | None:
    fee = monthly_fee(facts, as_of)
    if fee is None:
        return None
    tenure = tenure_months(facts, as_of) or 0.0
    begun = [s.started_on for s in in_force(facts, as_of) if s.started_on]
    days = (reference_day(facts, as_of) - max(begun)).days if begun else tenure * DAYS_PER_MONTH
    return Measures(facts.customer_id, -_since_renewal(facts, as_of, days), max(1.0, tenure), fee)


def _since_renewal(facts: Facts, as_of: date, days: float) -> float:
    """Days since a contract of this length was last renewed; without one it is renewed every month."""
    contract = longest_contract(facts, as_of)
    months = max(1, (contract_months(contract) or 0) if contract else 0)
    return days % (months * DAYS_PER_MONTH)


def cut_points(measures: Sequence[Measures]) -> CutPoints:
    """Cut points of one basis; they are stored and used until the next version, never recomputed per query."""
    return CutPoints(
        _cut(measures, lambda one: one.recency),
        _cut(measures, lambda one: one.frequency),
        _cut(measures, lambda one: one.monetary),
        customers=len(measures),
    )


def _cut(measures: Sequence[Measures], value: Callable[[Measures], float]) -> Cut:
    ordered = sorted((value(one), str(one.customer_id)) for one in measures)
    size, longer = divmod(len(ordered), QUINTILES)
    starts = [k * size + min(k, longer) for k in range(1, QUINTILES)]
    values = [one for one, _ in ordered]
    split = min(max(fmean(values), values[0]), values[-1])
    return Cut(tuple(ordered[start] for start in starts if start < len(ordered)), split)


def place(measures: Mapping[Basis, Measures], cuts: Mapping[Basis, CutPoints]) -> Placement | None:
    """By payments where they are known and cut points exist for them, else by subscriptions."""
    basis = next((one for one in Basis if one in measures and one in cuts), None)
    if basis is None:
        return None
    one, cut = measures[basis], cuts[basis]
    key = (cut.recency.high(one.recency), cut.frequency.high(one.frequency), cut.monetary.high(one.monetary))
    return Placement(
        _SEGMENTS[key],
        basis,
        cut.recency.score(one.recency, one.customer_id),
        cut.frequency.score(one.frequency, one.customer_id),
        cut.monetary.score(one.monetary, one.customer_id),
    )
