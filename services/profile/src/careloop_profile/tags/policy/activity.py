"""From what was counted to the numbers that rules ask for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
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


class Added(NamedTuple):
    """What somebody did since by one channel, of one kind, all of it today."""

    channel: str
    kind: str
    times: int
    amount: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums over windows by metric and window, and when each kind happened last."""

    metrics: Mapping[str, float]
    lasts: Mapping[str, datetime]


def activity(sums: Iterable[Sum], days: Collection[date], today: date) -> Activity:
    """What did not happen is left out. `days` are those on which something did; one that is dated later than `today`
    counts as of today."""
    lasts: dict[str, datetime] = {}
    channels: list[set[str]] = [set() for _ in WINDOWS]
    totals: list[dict[str, float]] = [{} for _ in WINDOWS]
    for channel, kind, counts, amounts, last_at in sums:
        if kind in _EVENTS and (kind not in lasts or lasts[kind] < last_at):
            lasts[kind] = last_at
        names, amount_of = _adds(channel, kind)
        for place, count in enumerate(counts):
            if count:
                channels[place].add(channel)
                total = totals[place]
                for name in names:
                    total[name] = total.get(name, 0) + count
                if amount_of:
                    total[amount_of] = total.get(amount_of, 0) + amounts[place]
    ages = [(today - day).days for day in days]
    for length, by, total in zip(WINDOWS.values(), channels, totals, strict=True):
        total["active_days"] = sum(age < length for age in ages)
        total["channels"] = len(by)
    metrics = {
        f"{name}.{window}": rounded
        for window, total in zip(WINDOWS, totals, strict=True)
        for name, value in total.items()
        if (rounded := round(value, 4))
    }
    return Activity(metrics, lasts)


def grown(before: Activity, added: Iterable[Added]) -> Activity:
    """The same sums after more of what today has already: no day and no channel is new, so it adds to every window."""
    metrics, lasts = dict(before.metrics), dict(before.lasts)
    for channel, kind, times, amount, last_at in added:
        if kind in _EVENTS and (kind not in lasts or lasts[kind] < last_at):
            lasts[kind] = last_at
        counts, amounts = _adds_today(channel, kind)
        for name in counts:
            metrics[name] = metrics.get(name, 0) + times
        if amount:
            for name in amounts:
                if value := round(metrics.get(name, 0) + amount, 4):
                    metrics[name] = value
                else:
                    metrics.pop(name, None)
    return Activity(metrics, lasts)


@lru_cache(maxsize=4096)
def _adds(channel: str, kind: str) -> tuple[Sequence[str], str | None]:
    """What each counts among, and among what its amount is added up."""
    names = ["interactions"]
    if kind in _EVENTS:
        names.append(kind)
    if group := _GROUPS.get(channel):
        names.append(group)
    return names, _AMOUNTS.get(kind)


@lru_cache(maxsize=4096)
def _adds_today(channel: str, kind: str) -> tuple[Sequence[str], Sequence[str]]:
    """The same, in each window."""
    names, amount_of = _adds(channel, kind)
    amounts = [amount_of] if amount_of else []
    every = [[f"{name}.{window}" for window in WINDOWS for name in some] for some in (names, amounts)]
    return every[0], every[1]
