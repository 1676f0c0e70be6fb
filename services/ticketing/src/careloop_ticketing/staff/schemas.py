from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import Field, StringConstraints, model_validator

from careloop_ticketing.staff.policy import HIGHEST_CERTIFICATE, Occupation, TeamKind
from careloop_ticketing.vocabulary import Level

AGENT_ID = r"^[^\x00-\x1f\x7f/]+$"
TEAM = r"^[a-z0-9][a-z0-9_-]{0,39}$"
AgentId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=AGENT_ID)]
TeamCode = Annotated[str, StringConstraints(pattern=TEAM)]
Skill = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Region = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Grade = Annotated[int, Field(ge=1, le=HIGHEST_CERTIFICATE)]
"""1 is the lowest of the five certificates, 5 the highest."""


class Certificate(Body):
    skill: Skill
    certificate: Grade
    valid_until: Instant | None = None


class Agent(Body):
    """All of an agent: what is left out is as the defaults say."""

    name: Name
    level: Level = Level.FRONT_LINE
    department: Name = "service"
    languages: Annotated[list[Language], Field(min_length=1, max_length=20)]
    regions: list[Region] = Field(default=[], max_length=100)
    """Served with all that lies within: 广东 serves 广东/深圳. Without any: everywhere."""
    capacity: Annotated[int, Field(ge=0, le=1000)] = 10
    """How many tickets they can have in hand; those that wait for others do not count."""
    calendar: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")] | None = None
    """Whose working time is theirs, besides their shifts. With neither they are on duty as long as they are active."""
    hands_over: bool = False
    """Whether what they have in hand goes back into the line when their shift ends."""
    active: bool = True
    certificates: list[Certificate] = Field(default=[], max_length=100)


class CertificateView(View):
    skill: str
    certificate: int
    valid_until: datetime | None


class AgentView(View):
    id: str
    version: int
    name: str
    level: Level
    department: str
    languages: list[str]
    regions: list[str]
    capacity: int
    calendar: str | None
    hands_over: bool
    active: bool
    certificates: list[CertificateView]
    earned: list[CertificateView]
    """Certificates by courses, as long as they are valid. In a skill the highest counts, given or earned."""
    teams: list[str]
    on_duty: bool
    last_assigned_at: datetime | None


class Shift(Body):
    kind: Occupation = Occupation.SHIFT
    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise ValueError("ends_at comes after starts_at")
        return self


class Shifts(Body):
    items: Annotated[list[Shift], Field(min_length=1, max_length=100)]


class ShiftView(View):
    id: UUID
    agent_id: str
    kind: Occupation
    starts_at: datetime
    ends_at: datetime


class ShiftsView(View):
    items: list[ShiftView]


class Team(Body):
    name: Name
    lead_id: AgentId | None = None
    members: list[AgentId] = Field(default=[], max_length=1000)


class VirtualTeam(Body):
    """People of several departments who solve one ticket together. The lead is one of them, and holds the ticket."""

    name: Name
    lead_id: AgentId
    members: Annotated[list[AgentId], Field(min_length=1, max_length=100)]


class TeamView(View):
    code: str
    version: int
    name: str
    kind: TeamKind
    lead_id: str | None
    members: list[str]
    ticket_id: UUID | None
    ended_at: datetime | None
