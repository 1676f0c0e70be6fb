"""What can be done to many tickets at once, what can become of each, and what puts it back."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Act(StrEnum):
    """Acts that make sense in bulk: not what one customer says, nor what makes one ticket of two."""

    ASSIGN = "assign"
    CLASSIFY = "classify"
    RESPOND = "respond"
    PAUSE = "pause"
    RESUME = "resume"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    REJECT = "reject"
    CANCEL = "cancel"
    NOTE = "note"
    WATCH = "watch"
    UNWATCH = "unwatch"


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Result(StrEnum):
    """What became of an item or, in a dry run, what would."""

    PENDING = "pending"
    CHANGED = "changed"
    NO_EFFECT = "no_effect"
    """The ticket is so already."""
    IMPOSSIBLE = "impossible"
    NOT_DONE = "not_done"
    """The job was cancelled before."""


INVERSE: Final[Mapping[Act, Act]] = MappingProxyType(
    {
        Act.ASSIGN: Act.ASSIGN,
        Act.CLASSIFY: Act.CLASSIFY,
        Act.PAUSE: Act.RESUME,
        Act.RESUME: Act.PAUSE,
        Act.RESOLVE: Act.REOPEN,
        Act.REOPEN: Act.RESOLVE,
        Act.WATCH: Act.UNWATCH,
        Act.UNWATCH: Act.WATCH,
    }
)
"""What a job does that takes another one back. Of the rest nothing can be: what was told is told, and an end without a remedy is one."""

SAID_AGAIN: Final = frozenset({Act.WATCH, Act.UNWATCH})
"""To take these back, the other one is said of the same person; what else can be taken back is put back as it was."""


def rest(tickets: int, took: float, *, rate: float) -> float:
    """Seconds to rest after a batch that took so many, for `rate` tickets a second.

    No less than the batch took: one that is slow, because others are busy, leaves them half of the time.
    """
    return max(took, tickets / rate - took)
