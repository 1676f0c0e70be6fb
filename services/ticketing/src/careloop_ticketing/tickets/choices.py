"""Choosing tickets for a list: by filters, and by rules as conditions of the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from careloop_common.rules import Rule
from careloop_common.rules.sql import to_sql
from careloop_common.schemas import Instant
from sqlalchemy import ColumnElement, Select, Text, cast, select, true
from sqlmodel import col

from careloop_ticketing.classification.policy import Cause, Emotion
from careloop_ticketing.classification.schemas import ProductCode
from careloop_ticketing.sla import queries as sla
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.schemas import Code, Line, Number, Reference
from careloop_ticketing.vocabulary import OPEN, Kind, Level, Status, Tier

S = TypeVar("S", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True)
class Filters:
    status: Status | None = None
    tier: Tier | None = None
    cause: Cause | None = None
    product: ProductCode | None = None
    emotion: Emotion | None = None
    level: Level | None = None
    kind: Kind | None = None
    channel: Code | None = None
    region: Line | None = None
    customer_id: UUID | None = None
    assignee_id: Reference | None = None
    team: Code | None = None
    breached: bool | None = None
    overlooked: bool | None = None
    """Whether a message of the customer reached nobody before the ticket was resolved."""
    opened_from: Instant | None = None
    opened_until: Instant | None = None
    """Up to this instant, but not at it."""
    due_before: Instant | None = None
    """By when the next that is promised is due."""
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list is to show."""

    filters: Filters
    rules: tuple[Rule, ...] = ()
    only_open: bool = False

    @property
    def everything(self) -> bool:
        return self == Choice(Filters())


def passes(choice: Choice, now: datetime) -> Callable[[ColumnElement[UUID]], ColumnElement[bool]]:
    """Whether the choice has room for a ticket; a scalar, so that it is looked up by its id whatever else is known."""

    def has_room(ticket_id: ColumnElement[UUID]) -> ColumnElement[bool]:
        return chosen_by(select(true()), choice, now).where(col(TicketRow.id) == ticket_id).scalar_subquery()

    return has_room


_EQUAL: Final = (
    "status",
    "tier",
    "cause",
    "product",
    "emotion",
    "level",
    "kind",
    "channel",
    "region",
    "customer_id",
    "assignee_id",
    "team",
)
_WORKED_OUT: Final[Mapping[str, Callable[[datetime], Any]]] = {
    "reopened": lambda _: col(TicketRow.reopened_count),
    "customer_id": lambda _: cast(col(TicketRow.customer_id), Text),
    "due_at": lambda _: sla.next_due(col(TicketRow.id)),
    "breached": lambda now: sla.any_breached(col(TicketRow.id), now),
}
"""Attributes of rules that are no column of their name."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What rules speak of, at an instant."""

    now: datetime

    def __getitem__(self, name: str, /) -> ColumnElement[Any]:
        worked_out = _WORKED_OUT.get(name)
        found: ColumnElement[Any] = worked_out(self.now) if worked_out else getattr(TicketRow, name)
        return found


def chosen_by(chosen: S, choice: Choice, now: datetime) -> S:
    """Of these tickets those that a choice has room for."""
    filters = choice.filters
    for name in _EQUAL:
        if (wanted := getattr(filters, name)) is not None:
            chosen = chosen.where(getattr(TicketRow, name) == wanted)
    if filters.breached is not None:
        late = sla.any_breached(col(TicketRow.id), now)
        chosen = chosen.where(late if filters.breached else ~late)
    if filters.overlooked is not None:
        wanted = col(TicketRow.overlooked_at)
        chosen = chosen.where(wanted.is_not(None) if filters.overlooked else wanted.is_(None))
    if filters.opened_from is not None:
        chosen = chosen.where(col(TicketRow.opened_at) >= filters.opened_from)
    if filters.opened_until is not None:
        chosen = chosen.where(col(TicketRow.opened_at) < filters.opened_until)
    if filters.due_before is not None:
        chosen = chosen.where(sla.any_due(col(TicketRow.id), before=filters.due_before))
    if filters.number is not None:
        chosen = chosen.where(col(TicketRow.number) == filters.number.upper())
    if choice.only_open:
        chosen = chosen.where(col(TicketRow.status).in_(OPEN))
    return chosen.where(*(to_sql(rule, _Columns(now), now) for rule in choice.rules))
