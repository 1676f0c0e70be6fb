"""Words that every slice shares: of what kind a case is, where it stands, how grave it is (`Tier`), who holds it (`Level`)."""

from enum import StrEnum
from functools import cached_property
from typing import Self


class Kind(StrEnum):
    COMPLAINT = "complaint"
    INQUIRY = "inquiry"
    FAULT = "fault"
    SUGGESTION = "suggestion"


class Status(StrEnum):
    RECEIVED = "received"
    CLASSIFIED = "classified"
    HANDLING = "handling"
    WAITING = "waiting"
    FEEDBACK = "feedback"
    ARCHIVED = "archived"
    MERGED = "merged"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


OPEN = (Status.RECEIVED, Status.CLASSIFIED, Status.HANDLING, Status.WAITING)
"""Who is being worked for."""
WITHDRAWN = (Status.MERGED, Status.REJECTED, Status.CANCELLED)
"""Who asks for nothing any more, and is in no figure."""
CLOSED = (*WITHDRAWN, Status.ARCHIVED)
"""Nothing happens to these any more but that a merge is undone."""


class PauseReason(StrEnum):
    """What a ticket may wait for."""

    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    WAITING_FOR_THIRD_PARTY = "waiting_for_third_party"


class Milestone(StrEnum):
    """What is reached on the way to a remedy (里程碑)."""

    DIAGNOSED = "diagnosed"
    """Somebody knows what it is (诊断完成)."""
    VISIT_NEEDED = "visit_needed"
    """Somebody has to go there (需上门)."""
    VISITED = "visited"
    """Somebody was there (已上门)."""


class Rank(StrEnum):
    """Words in ascending order. Compare by `rank`: as strings they would sort by the alphabet."""

    @cached_property
    def rank(self) -> int:
        return list(type(self)).index(self) + 1

    def next(self) -> Self:
        """The rank above, or this one at the top."""
        ranks = list(type(self))
        return ranks[min(self.rank, len(ranks) - 1)]

    def at_least(self, other: Self | None) -> Self:
        """The higher of two."""
        return other if other is not None and other.rank > self.rank else self


class Level(Rank):
    FRONT_LINE = "front_line"
    EXPERT = "expert"
    MANAGER = "manager"
    REGIONAL_HEAD = "regional_head"
    GROUP_COMMITTEE = "group_committee"


class Tier(Rank):
    PRIMARY = "primary"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"

    @property
    def holder(self) -> Level:
        """Who holds a case of this tier from the start."""
        return _HOLDERS[self]


_HOLDERS = {
    Tier.PRIMARY: Level.FRONT_LINE,
    Tier.INTERMEDIATE: Level.EXPERT,
    Tier.ADVANCED: Level.REGIONAL_HEAD,
}
