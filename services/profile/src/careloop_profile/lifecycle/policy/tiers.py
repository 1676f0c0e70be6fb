"""Tiers of value: by what share of all is worth more, and only changed when one period after the other agrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Any, Final

TIERS: Final = ("S", "A", "B", "C")


@dataclass(frozen=True, slots=True)
class Rank:
    """The tier of a person, and the other one that has been due for so many periods."""

    tier: str
    due: str | None = None
    periods: int = 0


def worth(facts: Mapping[str, Any]) -> float:
    """What a person is worth in a month: the revenue that a source knows, else what was paid, else the fee."""
    revenue = facts.get('attribute("arpu")')
    if isinstance(revenue, int | float):
        return float(revenue)
    if paid := facts.get('metric("paid", "90d")'):
        return float(paid) / 3
    return float(facts.get("monthly_fee") or 0)


def quantiles(shares: Sequence[float]) -> list[float]:
    """Below which share of all each tier ends: for 1 %, 9 % and 30 % that is 0.99, 0.9 and 0.6."""
    return [max(0.0, round(1 - share, 9)) for share in accumulate(shares)]


def bounds(shares: Sequence[float], values: Sequence[float]) -> list[float]:
    """The least values of the tiers, of those below which the shares lie. A tier of no share has nobody, not even who is
    worth most."""
    return [value if share else inf for share, value in zip(accumulate(shares), values, strict=True)]


def tier_of(value: float, bounds: Sequence[float]) -> str:
    """The tier of a value; `bounds` are the least values of S, A and B. Nothing is worth nothing."""
    if value <= 0:
        return TIERS[-1]
    return next((tier for tier, bound in zip(TIERS, bounds, strict=False) if value >= bound), TIERS[-1])


def settle(rank: Rank | None, now: str, periods: int) -> Rank:
    """The rank after a period in which the value was that of the tier `now`."""
    if rank is None or rank.tier == now:
        return Rank(now)
    seen = rank.periods + 1 if rank.due == now else 1
    return Rank(now) if seen >= periods else Rank(rank.tier, now, seen)
