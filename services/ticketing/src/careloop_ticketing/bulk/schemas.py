from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from careloop_common.schemas import Body, Version, View
from pydantic import Field, model_validator

from careloop_ticketing.bulk.policy import Act, Result, State
from careloop_ticketing.saved_views.schemas import Code as ViewCode
from careloop_ticketing.schemas import RuleText
from careloop_ticketing.tickets import schemas as tickets

MOST = 10_000
"""Tickets of one job."""


class TicketAt(Body):
    """A ticket as somebody saw it: at another version it is left alone."""

    id: UUID
    version: Version


class Over(Body):
    """The tickets named, those that fit a rule (docs/rules.md), or those of a saved view: as they are now."""

    tickets: Annotated[list[UUID | TicketAt], Field(min_length=1, max_length=MOST)] | None = None
    rule: RuleText | None = None
    view: ViewCode | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.tickets, self.rule, self.view).count(None) != 2:
            raise ValueError("tickets, rule or view, and only one of them")
        return self


class Watch(Body):
    person: tickets.Person


class Nothing(Body):
    """An act that needs to be told nothing."""


class _Asked(Body):
    over: Over
    dry_run: bool = False
    """Say what would become of every ticket, and change none."""


class AssignMany(_Asked):
    act: Literal[Act.ASSIGN]
    arguments: tickets.Assign


class ClassifyMany(_Asked):
    act: Literal[Act.CLASSIFY]
    arguments: tickets.Classify


class RespondMany(_Asked):
    act: Literal[Act.RESPOND]
    arguments: tickets.Respond = tickets.Respond()


class PauseMany(_Asked):
    act: Literal[Act.PAUSE]
    arguments: tickets.Pause


class ResumeMany(_Asked):
    act: Literal[Act.RESUME]
    arguments: Nothing = Nothing()


class ResolveMany(_Asked):
    act: Literal[Act.RESOLVE]
    arguments: tickets.Resolve = tickets.Resolve()


class ReopenMany(_Asked):
    act: Literal[Act.REOPEN]
    arguments: tickets.Reopen = tickets.Reopen()


class RejectMany(_Asked):
    act: Literal[Act.REJECT]
    arguments: tickets.Reject


class CancelMany(_Asked):
    act: Literal[Act.CANCEL]
    arguments: tickets.Cancel


class NoteMany(_Asked):
    act: Literal[Act.NOTE]
    arguments: tickets.AddNote


class WatchMany(_Asked):
    act: Literal[Act.WATCH]
    arguments: Watch


class UnwatchMany(_Asked):
    act: Literal[Act.UNWATCH]
    arguments: Watch


AskBulkJob = Annotated[
    AssignMany
    | ClassifyMany
    | RespondMany
    | PauseMany
    | ResumeMany
    | ResolveMany
    | ReopenMany
    | RejectMany
    | CancelMany
    | NoteMany
    | WatchMany
    | UnwatchMany,
    Field(discriminator="act"),
]


class Undo(Body):
    dry_run: bool = False


class CountsView(View):
    """Items by result; in a dry run, by what it would be."""

    pending: int
    changed: int
    no_effect: int
    impossible: int
    not_done: int


class BulkJobView(View):
    id: UUID
    act: Act
    arguments: dict[str, Any]
    dry_run: bool
    undoes: UUID | None
    rule: str | None
    view: str | None
    state: State
    total: int
    counts: CountsView
    actor_id: str
    actor_kind: str
    requested_at: datetime
    finished_at: datetime | None
    forgotten_at: datetime | None
    """When its items were forgotten, and with them what it had to write."""


class BulkItemView(View):
    ticket_id: UUID
    result: Result
    code: str | None
    """Of the problem that the single act would answer with, if it is impossible."""
    detail: str | None
    version: int | None
    """Which the ticket has to have had, if that was said."""
    version_after: int | None
    arguments: dict[str, Any] | None
    """What an undo puts back here."""
    done_at: datetime | None
