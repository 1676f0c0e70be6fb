"""Opening an incident over many tickets, and resolving them with it.

The children are resolved by a bulk job, each in full: its own history, clocks and satisfaction request.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import keyset
from careloop_common.rules import RuleError
from careloop_common.tokens import Actor
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing import facts
from careloop_ticketing.bulk import service as bulk
from careloop_ticketing.bulk.policy import Act
from careloop_ticketing.bulk.service import Item, Order
from careloop_ticketing.incidents.errors import IncidentNotFound, InvalidIncident, ResolutionUnderWay
from careloop_ticketing.incidents.models import IncidentRow
from careloop_ticketing.tickets import kin
from careloop_ticketing.tickets import queries as ticket_queries
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.choices import Choice, Filters
from careloop_ticketing.tickets.policy import Outcome
from careloop_ticketing.tickets.service import Case, Intake
from careloop_ticketing.vocabulary import Kind, Status

MOST: Final = 10_000
"""Most children that one request takes in."""
CHANNEL: Final = "incident"


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident and how far it is."""

    ticket: tickets.Ticket
    children: dict[str, int]
    """Children by status."""
    job: bulk.Job | None
    """What resolves the children, or did."""


async def open_incident(
    session: AsyncSession,
    title: str,
    description: str,
    *,
    rule: str | None,
    chosen: Collection[UUID],
    actor: Actor,
    now: datetime,
) -> Standing:
    """Open a fault with the chosen tickets, or the open ones that a rule chooses, as its children."""
    children = await _by_rule(session, rule, now) if rule is not None else await _existing(session, chosen)
    if not 0 < len(children) <= MOST:
        many = f"More than {MOST}" if children else "No"
        pointer = "/tickets" if rule is None else "/rule"
        raise InvalidIncident(f"{many} tickets are chosen.", pointer=pointer)
    intake = Intake(Kind.FAULT, CHANNEL, title, description, source=CHANNEL)
    opened = await tickets.open_ticket(session, intake, actor=actor, now=now)
    await session.flush()
    await tickets.adopt(Case(session, opened.ticket, opened.watches, actor, now), children)
    incident = IncidentRow(ticket_id=opened.ticket.id, opened_at=now)
    session.add(incident)
    await session.flush()
    return await standing(session, opened.ticket.id)


async def _by_rule(session: AsyncSession, rule: str, now: datetime) -> list[UUID]:
    """The open tickets that fit a rule, or one more than there may be; what is about one fault is no child of another."""
    try:
        chosen = Choice(Filters(), (facts.choice(rule),), only_open=True)
    except RuleError as error:
        raise InvalidIncident(error.detail, pointer="/rule", **error.extra) from error
    found = await ticket_queries.ids(session, chosen, limit=MOST + 1, now=now)
    return sorted({*found} - await kin.incidents(session, found)) if len(found) <= MOST else [*found]


async def _existing(session: AsyncSession, chosen: Collection[UUID]) -> list[UUID]:
    wanted = set(chosen)
    for ticket_id in sorted(wanted - await tickets.known(session, wanted)):
        raise InvalidIncident(f"There is no ticket {ticket_id}.", pointer="/tickets")
    for ticket_id in sorted(await kin.incidents(session, wanted)):
        raise InvalidIncident(f"Ticket {ticket_id} is an incident itself.", pointer="/tickets")
    return sorted(wanted)


async def standing(session: AsyncSession, ticket_id: UUID) -> Standing:
    incident = await _incident(session, ticket_id)
    ticket = await tickets.get(session, ticket_id)
    # First how far the job is, then the children: what it has said to be done is done.
    job = await _job(session, incident)
    children = (await tickets.children_by_status(session, [ticket_id]))[ticket_id]
    return Standing(ticket, children, job)


async def _incident(session: AsyncSession, ticket_id: UUID) -> IncidentRow:
    """The incident of a ticket. One that has taken an incident in by a merge, and with it the children, is one."""
    if found := await session.get(IncidentRow, ticket_id):
        return found
    taken_in = select(IncidentRow).where(col(IncidentRow.ticket_id).in_(kin.with_merged(ticket_id)))
    newest = taken_in.order_by(col(IncidentRow.ticket_id).desc()).limit(1)
    if found := (await session.scalars(newest)).one_or_none():
        return IncidentRow(ticket_id=ticket_id, opened_at=found.opened_at, job_id=found.job_id)
    raise IncidentNotFound(f"There is no incident {ticket_id}.")


async def listed(session: AsyncSession, *, before: UUID | None, limit: int) -> list[Standing]:
    """Incidents, the newest first, and how far each is."""
    wanted = keyset.backward(select(IncidentRow), col(IncidentRow.ticket_id), before=before, limit=limit)
    rows = (await session.scalars(wanted)).all()
    ids = [row.ticket_id for row in rows]
    jobs = [await _job(session, row) for row in rows]
    found = await ticket_queries.in_order(session, ids)
    children = await tickets.children_by_status(session, ids)
    return [Standing(ticket, children[ticket.id], job) for ticket, job in zip(found, jobs, strict=True)]


async def _job(session: AsyncSession, incident: IncidentRow) -> bulk.Job | None:
    return await bulk.find(session, incident.job_id) if incident.job_id else None


async def resolve(case: Case, *, outcome: Outcome, note: str | None, resolve_children: bool) -> Standing:
    """Resolve the fault, unless it is, and have its open children follow; said again, nothing happens twice.

    Those that are still open when the fault is archived follow then.
    """
    session, ticket = case.session, case.ticket
    await tickets.refuse_merged(session, ticket)
    incident = await _incident(session, ticket.id)
    wanted = {"outcome": outcome, "note": note}
    job = await _job(session, incident)
    under_way = job is not None and job.finished_at is None
    if job and under_way and job.arguments != wanted:
        raise ResolutionUnderWay
    if ticket.status not in {Status.FEEDBACK, Status.ARCHIVED}:
        await tickets.resolve(case, outcome=outcome, note=note)
    if resolve_children and not under_way:
        session.add(incident)
        children = [Item(child) for child in await tickets.open_children(session, ticket.id)]
        order = Order(Act.RESOLVE, wanted)
        incident.job_id = (await bulk.queue(session, order, children, actor=case.actor, now=case.now)).id
    await session.flush()
    return await standing(session, ticket.id)
