from datetime import datetime
from uuid import UUID

from careloop_common.schemas import View

from careloop_ticketing.shares.policy import Split


class PartView(View):
    level: str
    team: str
    assignee: str
    """Empty, where nobody had taken the ticket."""
    seconds: float
    share: float | None
    """Of all that the clock has counted; empty if that is nothing yet."""


class ClockShares(View):
    clock: str
    instance: int
    """Of a clock that repeats; the present one is the last."""
    elapsed_seconds: float
    target_seconds: float
    parts: list[PartView]
    """In the order in which they had the ticket first; together they are the elapsed time."""


class TicketShares(View):
    ticket_id: UUID
    clocks: list[ClockShares]


class GroupShare(View):
    group: str
    """A level, a team or a person; empty, where there was none."""
    clock: str
    clocks: int
    """How many of this name ran while it held their tickets; each instance of one that repeats."""
    seconds: float
    share: float | None
    """Of all that this clock counted on these tickets."""
    seconds_over: float
    """How much of it was beyond the target: lateness that this group answers for."""


class SharesView(View):
    opened_from: datetime
    opened_until: datetime
    by: Split
    tickets: int
    groups: list[GroupShare]
