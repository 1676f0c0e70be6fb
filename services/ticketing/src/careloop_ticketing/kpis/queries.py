from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from careloop_common import keyset
from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.kpis.policy import LOOP_GOAL, REPEAT_WINDOW, Grouping
from careloop_ticketing.sla import queries as sla
from careloop_ticketing.summary.queries import counted
from careloop_ticketing.tickets.queries import RESPONSE_GOAL
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.vocabulary import WITHDRAWN


@dataclass(frozen=True, slots=True)
class Span:
    """Tickets by when they were opened; the end is not in it.

    Who was merged, rejected or cancelled asks for nothing: they are in no figure, but for what was broken before of
    those who were merged or withdrew.
    """

    opened_from: datetime
    opened_until: datetime

    def within(self) -> ColumnElement[bool]:
        return and_(col(Ticket.opened_at) >= self.opened_from, col(Ticket.opened_at) < self.opened_until)

    def holds(self) -> ColumnElement[bool]:
        return and_(self.within(), col(Ticket.status).not_in(WITHDRAWN))


@dataclass(frozen=True, slots=True)
class Window(Span):
    """Such tickets in groups."""

    by: Grouping
    zone: ZoneInfo

    def group(self) -> ColumnElement[Any]:
        if self.by is Grouping.ALL:
            return literal("all")
        if self.by is Grouping.HOUR:
            return func.to_char(func.timezone(self.zone.key, col(Ticket.opened_at)), "HH24")
        name = "assignee_id" if self.by is Grouping.ASSIGNEE else self.by.value
        return func.coalesce(func.cast(col(getattr(Ticket, name)), _TEXT), "")


_TEXT = Ticket.__table__.c.channel.type  # type: ignore[attr-defined]  # SQLModel does not declare it


async def tickets(session: AsyncSession, window: Window, now: datetime) -> Sequence[Any]:
    """Per group: how many tickets, and for each figure its numerator and its denominator."""
    response = func.coalesce(col(Ticket.responded_at), now) - col(Ticket.opened_at)
    loop = func.coalesce(col(Ticket.archived_at), now) - col(Ticket.opened_at)
    resolved = col(Ticket.feedback_round) > 0
    reopened = and_(resolved, col(Ticket.reopened_count) > 0)
    decided = or_(reopened, col(Ticket.resolved_at) <= now - REPEAT_WINDOW)
    group = window.group()
    figures = select(
        group.label("group"),
        func.count().label("tickets"),
        _count(col(Ticket.responded_at).is_not(None), response <= RESPONSE_GOAL).label("responded"),
        _count(or_(col(Ticket.responded_at).is_not(None), response > RESPONSE_GOAL)).label("responded_of"),
        _count(resolved, decided, ~reopened, ~_repeated()).label("first_contact"),
        _count(resolved, decided).label("first_contact_of"),
        _count(col(Ticket.archived_at).is_not(None), loop <= LOOP_GOAL).label("closed"),
        _count(or_(col(Ticket.archived_at).is_not(None), loop > LOOP_GOAL)).label("closed_of"),
        _count(reopened).label("reopened"),
        _count(resolved).label("reopened_of"),
    )
    return (await session.execute(figures.where(window.holds()).group_by(group).order_by(group))).all()


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(and_(*conditions))


def _repeated() -> ColumnElement[bool]:
    """Whether the customer came again about the same, within the window after the resolution, and did not withdraw that."""
    again = aliased(Ticket)
    return exists().where(
        col(again.customer_id) == col(Ticket.customer_id),
        col(again.cause) == col(Ticket.cause),
        col(again.status).not_in(WITHDRAWN),
        col(again.opened_at) > col(Ticket.resolved_at),
        col(again.opened_at) <= col(Ticket.resolved_at) + REPEAT_WINDOW,
    )


async def clocks(session: AsyncSession, window: Window, now: datetime) -> Sequence[Any]:
    """Per group and clock: how many were met, broken, neither, and of these late only by a change of terms."""
    group = window.group()
    name, *counts = sla.outcome(now)
    figures = select(group.label("group"), name, *counts).join(Ticket, col(Ticket.id) == sla.SUBJECT)
    chosen = figures.where(window.within(), counted(now))
    return (await session.execute(chosen.group_by(group, name).order_by(group, name))).all()


async def knows_zone(session: AsyncSession, zone: ZoneInfo) -> bool:
    """Whether the database, whose time zones are older or newer than ours, has this one."""
    known = text("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = :zone)")
    return bool(await session.scalar(known, {"zone": zone.key}))


async def opened(session: AsyncSession, span: Span, *, limit: int) -> Sequence[UUID]:
    found = select(col(Ticket.id)).where(span.holds()).order_by(col(Ticket.id)).limit(limit)
    return (await session.scalars(found)).all()


async def paused(session: AsyncSession, window: Window, *, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Tickets of which a clock was ever paused, in the order of their ids."""
    found = select(col(Ticket.id)).where(window.holds(), col(Ticket.id).in_(sla.paused_subjects()))
    return (await session.scalars(keyset.forward(found, col(Ticket.id), after=after, limit=limit))).all()
