from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import Field, field_validator, model_validator

from careloop_ticketing.documents import DocumentView
from careloop_ticketing.notices.policy.roster import Role
from careloop_ticketing.notices.policy.telling import USUAL, WATCHED, Channel, Reason
from careloop_ticketing.staff.schemas import AgentId, Name, Region, TeamCode
from careloop_ticketing.vocabulary import Level

People = Annotated[list[AgentId], Field(max_length=50)]


class Post(Body):
    """Who holds a level: in these regions and for these teams, or everywhere and for all."""

    level: Level
    regions: list[Region] = Field(default=[], max_length=200)
    """With all that lies within: 广东 is also 广东/深圳. The closest post decides, one for the team before all others."""
    teams: list[TeamCode] = Field(default=[], max_length=200)
    holders: Annotated[People, Field(min_length=1)]
    """All who are there are told."""
    deputies: People = Field(default=[])
    """The first who is there is told while all holders are on leave."""
    since: Instant | None = None
    until: Instant | None = None


class DutyRoster(Body):
    """Who is told in the name of which level."""

    name: Name
    posts: list[Post] = Field(default=[], max_length=2_000)
    fallback: People = Field(default=[])
    """Who is told of what nobody else is there for."""


class DutyRosterView(DocumentView):
    document: DutyRoster


class NoticeView(View):
    id: UUID
    ticket_id: UUID
    number: str
    recipient: str | None
    """None where nobody was there to be told."""
    role: Role
    reason: Reason
    level: Level | None
    """In whose name they are told, of an escalation."""
    clock: str | None
    step: str | None
    also: list[str]
    """What else happened to the ticket at that instant."""
    due_at: datetime | None
    asks: bool
    """Whether it waits, or waited, for somebody to acknowledge the ticket's escalation."""
    at: datetime
    by: str
    read_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None

    @field_validator("recipient", mode="before")
    @classmethod
    def _none_if_nobody(cls, value: Any) -> Any:
        return value or None


class MarkRead(Body):
    """Either these, or all up to one of them; what came after it stays unread."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)] | None = None
    up_to: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) is (self.up_to is None):
            raise ValueError("either ids or up_to")
        return self


class MarkedView(View):
    marked: int
    """How many of them were unread."""


class NoticeCountsView(View):
    unread: int
    by_reason: dict[Reason, int]
    """Of those that are unread."""
    waiting: int
    """Tickets that wait for the person to acknowledge their escalation."""


class NoticeChoice(Body):
    watched: list[Reason] = Field(default=sorted(USUAL.watched), max_length=len(WATCHED))
    """What they are told of the tickets that they watch. What concerns them otherwise they are told in any case."""
    channels: list[Channel] = Field(default=list(USUAL.channels), min_length=1, max_length=len(Channel))

    @field_validator("watched")
    @classmethod
    def _of_watchers(cls, value: list[Reason]) -> list[Reason]:
        if beyond := set(value) - WATCHED:
            raise ValueError(f"nobody who only watches is told of {min(beyond)}")
        return value


class NoticeChoiceView(View):
    agent_id: str
    watched: list[Reason]
    channels: list[Channel]
