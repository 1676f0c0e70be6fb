"""Opening an incident over many tickets, and resolving them with it.

The children are resolved by the worker, some at a time, each in full: its own history, clocks and satisfaction request.
What is left to do is in the database, so whoever is killed midway leaves nothing half done, and nothing is done twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common.rules import RuleError
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.facts import condition
from careloop_ticketing.incidents import queries
from careloop_ticketing.incidents.errors import IncidentNotFound, InvalidIncident, ResolutionUnderWay
from careloop_ticketing.incidents.models import IncidentRow, Progress
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import Outcome
from careloop_ticketing.tickets.service import Case, Intake
from careloop_ticketing.vocabulary import Kind, Status

MOST: Final = 10_000
"""Most children that one request takes in."""
CHANNEL: Final = "incident"
_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident and how far it is."""

    incident: IncidentRow
    ticket: tickets.Ticket
    children: dict[str, int]
    """Children by status."""
    progress: dict[Progress, int]


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
        pointer = "/tickets" if rule is None else "/rule"
        raise InvalidIncident(f"{len(children)} tickets are chosen, of 1 to {MOST}.", pointer=pointer)
    intake = Intake(Kind.FAULT, CHANNEL, title, description, source=CHANNEL)
    opened = await tickets.open_ticket(session, intake, actor=actor, now=now)
    await session.flush()
    await tickets.adopt(Case(session, opened.ticket, opened.watches, actor, now), children)
    incident = IncidentRow(ticket_id=opened.ticket.id, opened_at=now)
    session.add(incident)
    await session.flush()
    return await standing(session, opened.ticket.id)


async def _by_rule(session: AsyncSession, rule: str, now: datetime) -> list[UUID]:
    try:
        holds = condition(rule)
    except RuleError as error:
        raise InvalidIncident(error.detail, pointer="/rule", **error.extra) from error
    return [ticket_id async for ticket_id, facts in tickets.facts_of_open(session) if holds(facts, now)]


async def _existing(session: AsyncSession, chosen: Collection[UUID]) -> list[UUID]:
    wanted = set(chosen)
    for ticket_id in sorted(wanted - await tickets.known(session, wanted)):
        raise InvalidIncident(f"There is no ticket {ticket_id}.", pointer="/tickets")
    return sorted(wanted)


async def standing(session: AsyncSession, ticket_id: UUID) -> Standing:
    incident = await session.get(IncidentRow, ticket_id)
    if incident is None:
        raise IncidentNotFound(f"There is no incident {ticket_id}.")
    ticket = await tickets.get(session, ticket_id)
    children = await tickets.children_by_status(session, ticket_id)
    return Standing(incident, ticket, children, await queries.progress(session, ticket_id))


async def resolve(case: Case, *, outcome: Outcome, note: str | None, resolve_children: bool) -> Standing:
    """Resolve the fault, unless it is, and have its open children follow; said again, nothing happens twice."""
    session, ticket = case.session, case.ticket
    incident = await session.get(IncidentRow, ticket.id, with_for_update=True)
    if incident is None:
        raise IncidentNotFound(f"There is no incident {ticket.id}.")
    under_way = incident.requested_at is not None and incident.finished_at is None
    if under_way and (incident.outcome, incident.note) != (outcome, note):
        raise ResolutionUnderWay
    if ticket.status is not Status.FEEDBACK:
        await tickets.resolve(case, outcome=outcome, note=note)
    if resolve_children and not under_way:
        incident.outcome, incident.note = outcome, note
        incident.actor_id, incident.actor_kind = case.actor.id, case.actor.kind
        incident.requested_at, incident.finished_at = case.now, None
        await queries.expect(session, ticket.id, await tickets.open_children(session, ticket.id))
    await session.flush()
    return await standing(session, ticket.id)


async def resolve_some(session: AsyncSession, *, now: datetime, limit: int = _BATCH) -> bool:
    """Resolve some children of the oldest incident that has any left; whether there may be more to do."""
    incident = await queries.unfinished(session)
    if incident is None or incident.outcome is None:
        return False
    waiting = await queries.pending(session, incident.ticket_id, limit=limit)
    actor = Actor(incident.actor_id or "", incident.actor_kind or "")
    locked = {
        ticket.id: ticket for ticket in await tickets.lock_all(session, [one.ticket_id for one in waiting])
    }
    watches = await sla.of_all(session, locked)
    for child in waiting:
        ticket = locked[child.ticket_id]
        child.progress, child.done_at = Progress.SKIPPED, now
        if ticket.status in tickets.OPEN:
            case = Case(session, ticket, watches[ticket.id], actor, now)
            await tickets.resolve(case, outcome=incident.outcome, note=incident.note)
            child.progress = Progress.RESOLVED
    if len(waiting) < limit:
        incident.finished_at = now
    return True
