"""What scoring knows of a customer, as plain values, and the few readings that every scorer shares."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

Value = str | float | bool | None

DAYS_PER_MONTH = 30.4375
"""Average month of the Gregorian calendar."""

TENURE_ATTRIBUTE = "tenure_months"


@dataclass(frozen=True, slots=True)
class Subscription:
    product: str
    status: str = "active"
    monthly_fee: float | None = None
    contract: str | None = None
    started_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """Counters over every recorded interaction; `last_paid_at` is that of the newest batch with a payment."""

    interactions: int = 0
    payments: int = 0
    amount: float = 0.0
    complaints: int = 0
    last_at: datetime | None = None
    last_paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    customer_id: UUID
    status: str
    kind: str = "individual"
    region: str | None = None
    vip: bool = False
    care_flags: tuple[str, ...] = ()
    devices: int = 0
    joined_on: date | None = None
    left_on: date | None = None
    subscriptions: tuple[Subscription, ...] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    activity: Activity | None = None
    withheld: str | None = None
    """What the customer refused, if it forbids a score."""

    @property
    def left(self) -> bool:
        return self.status == "left"


def reference_day(facts: Facts, as_of: date) -> date:
    """The day on which a customer is looked at: the last one, for customers who left."""
    return facts.left_on if facts.left and facts.left_on else as_of


def in_force(facts: Facts, as_of: date) -> tuple[Subscription, ...]:
    """The subscriptions of the reference day, whatever has become of them since.

    A leaver's subscriptions end with him; those that ended last stand for what he had, so that having none is
    never the mark of a leaver.
    """
    day = reference_day(facts, as_of)
    begun = [s for s in facts.subscriptions if s.started_on is None or s.started_on <= day]
    running = [s for s in begun if s.ended_on is None or s.ended_on >= day]
    if running or not begun:
        return tuple(running)
    last = max(s.ended_on for s in begun if s.ended_on is not None)
    return tuple(s for s in begun if s.ended_on == last)


def monthly_fee(facts: Facts, as_of: date) -> float | None:
    fees = [s.monthly_fee for s in in_force(facts, as_of) if s.monthly_fee is not None]
    return sum(fees) if fees else None


def longest_contract(facts: Facts, as_of: date) -> str | None:
    named = [s.contract for s in in_force(facts, as_of) if s.contract]
    return max(named, key=lambda text: (contract_months(text) or 0, text), default=None)


def tenure_from_dates(facts: Facts, as_of: date) -> float | None:
    """Whole months from joining to the reference day; unknown for leavers whose last day is unknown."""
    if facts.joined_on is None or (facts.left and facts.left_on is None):
        return None
    days = (reference_day(facts, as_of) - facts.joined_on).days
    return float(int(days / DAYS_PER_MONTH)) if days >= 0 else None


def tenure_months(facts: Facts, as_of: date) -> float | None:
    dated = tenure_from_dates(facts, as_of)
    return dated if dated is not None else number(facts.attributes.get(TENURE_ATTRIBUTE))


_WORDS = {"one": 1, "two": 2, "three": 3, "一": 1, "两": 2, "二": 2, "三": 3}
_SPAN = re.compile(r"(\d+|one|two|three|[一两二三])[\s_-]*(year|yr|年|month|mo\b|个月|月|m\b|y\b)")


def contract_months(text: str) -> int | None:
    """The length of a contract in months from its wording; 0 without commitment, None when it does not say."""
    wording = text.strip().lower().replace("_", " ")
    if re.search(r"month[\s-]*to[\s-]*month|monthly|prepaid|no contract|按月|无合约|预付", wording):
        return 0
    if wording.isdecimal():
        return int(wording)
    if match := _SPAN.search(wording):
        amount = _WORDS.get(match[1]) or int(match[1])
        return amount * 12 if match[2] in {"year", "yr", "年", "y"} else amount
    return 12 if re.search(r"annual|yearly|包年", wording) else None


def number(value: Value) -> float | None:
    """The finite number that a value spells, or None."""
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None
