"""Which ways lead somewhere: the most frequent sequences of touches before an outcome."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple

By = Literal["channel_kind", "channel", "kind"]


class Step(NamedTuple):
    """A touch as a path looks at it; what it does not look at is None."""

    channel: str | None
    kind: str | None


class History(NamedTuple):
    """The touches before one outcome, the earliest first, and how many seconds before it each was."""

    touches: Sequence[tuple[str, str]]
    seconds: Sequence[float]


@dataclass(frozen=True, slots=True)
class Path:
    """A way on which outcomes were come to; without steps, those before which there was nothing."""

    steps: tuple[Step, ...]
    outcomes: int
    share: float
    hours: float | None
    """From the first step to the outcome, at the median."""


def frequent(histories: Iterable[History], *, by: By, length: int, most: int) -> list[Path]:
    """The ways of up to `length` steps that most outcomes were come to on. The same again and again is one step."""
    found: defaultdict[tuple[Step, ...], list[float]] = defaultdict(list)
    total = 0
    for history in histories:
        steps, seconds = _way(history, by, length)
        found[steps].append(seconds)
        total += 1
    ranked = sorted(found, key=lambda steps: (-len(found[steps]), _spelt(steps)))[:most]
    return [
        Path(
            steps,
            len(found[steps]),
            round(len(found[steps]) / total, 4),
            round(median(found[steps]) / 3600, 2) if steps else None,
        )
        for steps in ranked
    ]


def _way(history: History, by: By, length: int) -> tuple[tuple[Step, ...], float]:
    """The last steps before the outcome, and how long before it they began."""
    steps: list[Step] = []
    began = 0.0
    for (channel, kind), seconds in zip(reversed(history.touches), reversed(history.seconds), strict=True):
        step = Step(channel if by != "kind" else None, kind if by != "channel" else None)
        if not steps or steps[-1] != step:
            if len(steps) == length:
                break
            steps.append(step)
        began = seconds
    return tuple(reversed(steps)), began


def _spelt(steps: Sequence[Step]) -> tuple[tuple[str, str], ...]:
    return tuple((step.channel or "", step.kind or "") for step in steps)
