"""From what was counted by the day to the numbers that rules ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from careloop_profile.tags.policy.vocabulary import AMOUNTS, CHANNEL_GROUPS, EVENTS, WINDOWS

_GROUPS: Final = {channel: group for group, channels in CHANNEL_GROUPS.items() for channel in channels}
_AMOUNTS: Final = {kind: name for name, kinds in AMOUNTS.items() for kind in kinds}
_EVENTS: Final = frozenset(EVENTS)


class Bucket(NamedTuple):
    """What somebody did on one day, by one channel, of one kind."""

    day: date
    channel: str
    kind: str
    number: int
    amount: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums over windows by metric and window, when each kind happened last, and the days that count."""

    metrics: Mapping[str, float]
    lasts: Mapping[str, datetime]
    days: frozenset[date]


def activity(buckets: Iterable[Bucket], today: date) -> Activity:
    """The windows end with `today`; what is dated later counts as of today. What did not happen is left out."""
    metrics: dict[str, float] = {}
    lasts: dict[str, datetime] = {}
    seen: dict[str, tuple[set[date], set[str]]] = {window: (set(), set()) for window in WINDOWS}
    for bucket in buckets:
        if bucket.kind in _EVENTS and (bucket.kind not in lasts or lasts[bucket.kind] < bucket.last_at):
            lasts[bucket.kind] = bucket.last_at
        age = (today - bucket.day).days
        for window, length in WINDOWS.items():
            if age < length:
                for name, value in _adds(bucket):
                    metrics[f"{name}.{window}"] = metrics.get(f"{name}.{window}", 0) + value
                seen[window][0].add(bucket.day)
                seen[window][1].add(bucket.channel)
    for window, (days, channels) in seen.items():
        if days:
            metrics[f"active_days.{window}"] = len(days)
            metrics[f"channels.{window}"] = len(channels)
    counted = {name: round(value, 4) for name, value in metrics.items() if value}
    return Activity(counted, lasts, frozenset().union(*(days for days, _ in seen.values())))


def _adds(bucket: Bucket) -> Iterable[tuple[str, float]]:
    yield "interactions", bucket.number
    if bucket.kind in _EVENTS:
        yield bucket.kind, bucket.number
    if group := _GROUPS.get(bucket.channel):
        yield group, bucket.number
    if name := _AMOUNTS.get(bucket.kind):
        yield name, bucket.amount
