from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import StringConstraints

from careloop_ticketing.schemas import RuleText
from careloop_ticketing.staff.schemas import AgentId, Name

CODE = r"^[a-z0-9][a-z0-9_-]{0,39}$"
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
Code = Annotated[str, StringConstraints(pattern=CODE)]
MonthText = Annotated[str, StringConstraints(pattern=MONTH)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class Medal(Body):
    """All of a medal: what is left out is as the defaults say. What was awarded before stays as it is."""

    name: Name
    name_zh: Name
    rule: RuleText | None = None
    """Whose month it is for, as docs/teams.md describes it; without it, it is given by hand."""
    active: bool = True
    """Whether it is still awarded."""


class MedalView(View):
    code: str
    version: int
    name: str
    name_zh: str
    rule: str | None
    active: bool
    changed_at: datetime
    changed_by: str


class AwardByHand(Body):
    medal: Code
    agent_id: AgentId
    month: MonthText
    reason: Reason


class AwardByFigures(Body):
    month: MonthText
    medal: Code | None = None
    """This one alone."""
    dry_run: bool = False
    """Only say who would get what, and why; also of the month that has not ended yet."""


class TakeBack(Body):
    reason: Reason


class MonthFiguresView(View):
    """What a rule can speak of."""

    tickets: int
    closed: int
    responded_in_30_min: float | None
    first_contact_resolution: float | None
    closed_in_72_h: float | None
    reopened: float | None
    attainment: float | None
    answers: int
    csat: float | None


class WinnerView(View):
    medal: str
    agent_id: str
    rule: str
    figures: MonthFiguresView
    had: bool
    """Awarded for this month before, be it that it was taken back: nothing changes."""


class MonthView(View):
    month: str
    dry_run: bool
    judged: int
    """Active agents who hold a ticket of the month."""
    awarded: int
    """How many awards are new; with `dry_run`, would be."""
    items: list[WinnerView]


class AwardView(View):
    id: UUID
    medal: str
    agent_id: str
    month: str
    rule: str | None
    figures: MonthFiguresView | None
    reason: str | None
    awarded_at: datetime
    awarded_by: str
    taken_back_at: datetime | None
    taken_back_by: str | None
    taken_back_because: str | None


class HeldMedal(View):
    """A medal as its holder shows it."""

    award_id: UUID
    medal: str
    name: str
    name_zh: str
    month: str
    awarded_at: datetime
