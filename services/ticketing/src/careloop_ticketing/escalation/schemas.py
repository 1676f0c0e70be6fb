from datetime import datetime
from uuid import UUID

from careloop_common.schemas import View

from careloop_ticketing.notices.schemas import NoticeView
from careloop_ticketing.notices.service import Role
from careloop_ticketing.sla.policy.ladder import Action
from careloop_ticketing.tickets.schemas import TicketView
from careloop_ticketing.vocabulary import Level, Tier


class EscalationView(View):
    id: UUID
    ticket_id: UUID
    clock: str
    policy_version: int
    step: str
    action: Action
    is_breach: bool
    told: str
    """`assignee`, `team_lead`, or the level in whose name they were told."""
    people: list[str]
    """Ids of those who were told; none if nobody was there to be told."""
    team: str | None
    region: str | None
    level: Level
    tier: Tier
    notice: bool
    due_at: datetime
    escalated_at: datetime


class LatenessView(View):
    """Seconds from when steps were due to when they were taken."""

    count: int
    p50: float
    p99: float
    max: float


class DeskItem(View):
    """A ticket that waits for somebody, and what they were told of it last."""

    notice: NoticeView
    ticket: TicketView


class AddresseeView(View):
    agent_id: str | None
    """None where nobody is there."""
    role: Role


class AddresseesView(View):
    """Who would be told of the ticket's next steps now."""

    ticket_id: UUID
    roster_version: int
    in_charge: list[AddresseeView]
    """Of steps that remind the assignee."""
    levels: dict[Level, list[AddresseeView]]
    """Of steps that notify a level, or give it the ticket."""
    watchers: list[str]
