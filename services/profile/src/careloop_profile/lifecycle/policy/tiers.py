"""Tiers of value: the best so many of all, never more than their share, and only changed when one period after the other
agrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common.rules.values import LAST

TIERS: Final = ("S", "A", "B", "C")
_HIGHEST: Final = UUID(int=2**128 - 1)


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


class Place(NamedTuple):
    """Where somebody is in the order of worth: of those who are worth the same, who joined first comes first, then the lower
    id. So no two have the same place."""

    worth: float
    joined_at: datetime | None
    person_id: UUID

    @property
    def order(self) -> tuple[float, datetime, int]:
        return -self.worth, self.joined_at or LAST, self.person_id.int


@dataclass(frozen=True, slots=True)
class End:
    """Up to where a tier reaches in this order. It names nobody: `cut` lies between the ids of the last one and of who
    follows, and there is none where they are told apart without."""

    worth: float
    joined_at: datetime | None = None
    cut: UUID | None = None

    def includes(self, place: Place) -> bool:
        return place.order <= Place(self.worth, self.joined_at, self.cut or _HIGHEST).order


def end(last: Place | None, following: Place | None) -> End | None:
    """The end of a tier, by the last one that is in it or in a better one, and who follows; none where nobody is."""
    if last is None:
        return None
    if following is None or following.worth != last.worth:
        return End(last.worth)
    if following.joined_at != last.joined_at:
        return End(last.worth, last.joined_at)
    return End(last.worth, last.joined_at, UUID(int=(last.person_id.int + following.person_id.int) // 2))


def tier_of(place: Place, ends: Sequence[End | None]) -> str:
    """The tier of somebody; `ends` are those of S, A and B. Nothing is worth nothing."""
    if place.worth <= 0:
        return TIERS[-1]
    found = (tier for tier, one in zip(TIERS, ends, strict=False) if one is not None and one.includes(place))
    return next(found, TIERS[-1])


def settle(rank: Rank | None, now: str, periods: int) -> Rank:
    """The rank after a period in which the value was that of the tier `now`."""
    if rank is None or rank.tier == now:
        return Rank(now)
    seen = rank.periods + 1 if rank.due == now else 1
    return Rank(now) if seen >= periods else Rank(rank.tier, now, seen)
