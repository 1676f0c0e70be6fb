from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field, model_validator

from careloop_ticketing.schemas import RuleText
from careloop_ticketing.tickets.policy import Outcome
from careloop_ticketing.tickets.schemas import Note, Subject, Text, TicketView


class OpenIncident(Body):
    """The children are the tickets named, or those that are open and fit the rule."""

    title: Subject
    description: Text = ""
    rule: RuleText | None = None
    tickets: Annotated[list[UUID], Field(min_length=1, max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.rule is None) == (self.tickets is None):
            raise ValueError("rule or tickets, and not both")
        return self


class ResolveIncident(Body):
    outcome: Outcome = Outcome.SOLVED
    note: Note | None = None
    resolve_children: bool = False


class ProgressView(View):
    """How far the children are that were open when their resolution was asked for."""

    pending: int
    resolved: int
    skipped: int
    """Those that somebody had closed in the meantime, or that the job was cancelled before."""


class ResolutionView(View):
    job_id: UUID
    """The bulk job that says of every child what became of it, and that can be undone."""
    outcome: Outcome
    requested_at: datetime
    finished_at: datetime | None
    children: ProgressView


class IncidentView(View):
    ticket: TicketView
    children: dict[str, int]
    """All children, by status."""
    resolution: ResolutionView | None
