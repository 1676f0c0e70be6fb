"""What a recalculation is about, and how far it is."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from careloop_ticketing.sla.policy.following import Change


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class Cause(StrEnum):
    CALENDAR = "calendar"
    """A calendar has a new version: the clocks that count by it follow by themselves."""
    POLICY = "policy"
    """Somebody applied a policy to what runs already."""


class Effect(StrEnum):
    """What a change of terms does to a clock."""

    MOVED = "moved"
    BEGUN = "begun"
    ENDED = "ended"

    @classmethod
    def of(cls, change: Change) -> "Effect":
        if change.begun or change.revived:
            return cls.BEGUN
        return cls.ENDED if change.dropped or change.lapsed else cls.MOVED


def halves(ids: Sequence[UUID]) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Both parts of a batch of which something is wrong with one."""
    middle = len(ids) // 2
    return ids[:middle], ids[middle:]
