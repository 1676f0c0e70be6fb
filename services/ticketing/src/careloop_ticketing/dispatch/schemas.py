from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field, StringConstraints

from careloop_ticketing.dispatch.policy.choosing import Obstacle
from careloop_ticketing.dispatch.policy.routing import Language, Region
from careloop_ticketing.documents import DocumentView
from careloop_ticketing.medals.schemas import HeldMedal
from careloop_ticketing.schemas import RuleText
from careloop_ticketing.staff.policy import Occupation
from careloop_ticketing.staff.schemas import Grade, Skill, TeamCode
from careloop_ticketing.vocabulary import Level, Status, Tier


class Rule(Body):
    """What tickets need for which it is the first that holds."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    when: RuleText | None = None
    """A rule over the facts of a ticket; without it, all that come as far."""
    team: TeamCode | None = None
    """Which team answers for them; its members alone may take them."""
    beyond_team: bool = False
    """Whether people outside the team may take them nevertheless."""
    skill: Skill | None = None
    certificate: Grade | None = None
    """The lowest certificate in the skill that will do."""
    level: Level | None = None
    """The lowest level that will do, if that is higher than the ticket's own."""
    highest: Level | None = None
    """People above this level are not bothered."""
    language: Language = Language.MATCH
    region: Region = Region.PREFER
    green_lane: bool = False
    """Whether the highest certificate comes first, and the reserve may be used 绿色通道."""


class RoutingPolicy(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    reserve: Annotated[int, Field(ge=0, le=100)] = 0
    """How much more than their capacity people can have in hand by the green lane."""
    rules: Annotated[list[Rule], Field(min_length=1, max_length=100)]


class RoutingView(DocumentView):
    document: RoutingPolicy


class PreviewRouting(Body):
    policy: RoutingPolicy
    tickets: Annotated[int, Field(ge=1, le=1000)] = 200
    """How many tickets of the line to look at, VIPs first."""


class PlacedView(View):
    """Who would get a ticket, by which rule; or what is in the way."""

    rule: str | None
    agent_id: str | None
    obstacle: Obstacle | None


class MovedTicket(View):
    ticket_id: UUID
    active: PlacedView
    proposed: PlacedView


class RoutingEffectView(View):
    examined: int
    placed: int
    """How many would find somebody now under the active routing."""
    placed_then: int
    """And under the proposed one."""
    by_rule: dict[str, int]
    """How many tickets each rule of the proposed routing decides."""
    moved: int
    """How many would go to somebody else, or find somebody only under one of the two."""
    examples: list[MovedTicket]


class NeedsView(View):
    rule: str
    level: Level
    highest: Level | None
    team: str | None
    skill: str | None
    certificate: int
    language: str | None
    region: str | None
    within_region: bool
    green_lane: bool


class CandidateView(View):
    agent_id: str
    name: str
    level: Level
    load: int
    capacity: int
    obstacle: Obstacle | None
    """What keeps them from taking it now; none for those who could."""


class DispatchView(View):
    """Who could take a ticket now, and what keeps the others from it."""

    ticket_id: UUID
    waiting: bool
    """Whether it is in the line at all."""
    routing_version: int
    needs: NeedsView | None
    """None if no rule of the routing holds for it."""
    chosen: str | None
    eligible: int
    obstacle: Obstacle | None
    """Why nobody can take it: what is in the way of those who come closest."""
    ruled_out: dict[Obstacle, int]
    candidates: list[CandidateView]
    """The first hundred: who would get it first, and then the others."""


class LineView(View):
    """The line at this instant."""

    waiting: int
    vip: int
    oldest_opened_at: datetime | None
    examined: int
    """So many of them, VIPs first, were compared with who is there."""
    takeable: int
    """Of these, tickets that somebody could take now."""
    obstacles: dict[Obstacle, int]
    """Why the others wait."""
    agents: int
    on_duty: int
    capacity: int
    """Of those on duty."""
    in_hand: int


class ReleasedView(View):
    released: int


class MyTicket(View):
    id: UUID
    number: str
    subject: str
    status: Status
    tier: Tier
    level: Level
    vip: bool
    team: str | None
    opened_at: datetime
    next_due_at: datetime | None
    """When the first of its running clocks is due."""
    overdue: bool
    waits_for: str | None
    """Why its clocks are paused."""


class MySpan(View):
    kind: Occupation
    starts_at: datetime
    ends_at: datetime


class MyDayView(View):
    """我的一天: what somebody has to do, the most urgent first."""

    agent_id: str
    name: str
    level: Level
    zone: str
    starts_at: datetime
    ends_at: datetime
    on_duty: bool
    capacity: int
    load: int
    """What counts against the capacity: tickets in hand, without those that wait for others."""
    open: int
    overdue: int
    waiting_for_customer: int
    done_today: int
    shifts: list[MySpan]
    """Shifts and absences that touch the day."""
    medals: list[HeldMedal]
    """The last twelve, the newest first."""
    tickets: list[MyTicket]
    """The two hundred that are most urgent."""
