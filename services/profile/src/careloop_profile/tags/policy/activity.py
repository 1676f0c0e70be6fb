"""From what was counted to the numbers that rules ask for."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from careloop_profile.tags.policy.vocabulary import AMOUNTS, CHANNEL_GROUPS, EVENTS, WINDOWS

_GROUPS: Final = {channel: group for group, channels in CHANNEL_GROUPS.items() for channel in channels}
_AMOUNTS: Final = {kind: name for name, kinds in AMOUNTS.items() for kind in kinds}
_EVENTS: Final = frozenset(EVENTS)


class Sum(NamedTuple):
    """What somebody did by one channel, of one kind: how often and for how much in each window, and when last."""

    channel: str
    kind: str
    counts: tuple[int, ...]
    amounts: tuple[float, ...]
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums over windows by metric and window, and when each kind happened last."""

    metrics: Mapping[str, float]
    lasts: Mapping[str, datetime]


def activity(sums: Iterable[Sum], days: Collection[date], today: date) -> Activity:
    """What did not happen is left out. `days` are those on which something did; one that is dated later than `today`
    counts as of today."""
    metrics: dict[str, float] = {}
    lasts: dict[str, datetime] = {}
    channels: dict[str, set[str]] = {window: set() for window in WINDOWS}
    for one in sums:
        if one.kind in _EVENTS and (one.kind not in lasts or lasts[one.kind] < one.last_at):
            lasts[one.kind] = one.last_at
        for window, count, amount in zip(WINDOWS, one.counts, one.amounts, strict=True):
            if count:
                channels[window].add(one.channel)
                for name, value in _adds(one, count, amount):
                    key = f"{name}.{window}"
                    metrics[key] = metrics.get(key, 0) + value
    for window, length in WINDOWS.items():
        metrics[f"active_days.{window}"] = sum((today - day).days < length for day in days)
        metrics[f"channels.{window}"] = len(channels[window])
    return Activity({name: round(value, 4) for name, value in metrics.items() if value}, lasts)


def _adds(one: Sum, count: int, amount: float) -> Iterator[tuple[str, float]]:
    yield "interactions", count
    if one.kind in _EVENTS:
        yield one.kind, count
    if group := _GROUPS.get(one.channel):
        yield group, count
    if name := _AMOUNTS.get(one.kind):
        yield name, amount
