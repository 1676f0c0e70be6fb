from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.kpis import policy, queries
from careloop_ticketing.kpis.errors import WindowInvalid
from careloop_ticketing.kpis.policy import Attainment, Finding, Grouping, Ratio
from careloop_ticketing.kpis.queries import Window
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import queries as tickets

FIGURES = ("responded", "first_contact", "closed", "reopened")


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    tickets: int
    figures: Mapping[str, Ratio]
    attainment: Mapping[str, Attainment]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A pause that deserves a second look."""

    ticket_id: UUID
    clock: str
    finding: Finding


async def figures(session: AsyncSession, window: Window, now: datetime) -> list[Group]:
    if window.by is Grouping.HOUR and not await queries.knows_zone(session, window.zone):
        raise WindowInvalid("The database does not know this time zone.", pointer="zone")
    attainment: dict[str, dict[str, Attainment]] = defaultdict(dict)
    for group, clock, met, broken, neither, forgiven in await queries.clocks(session, window, now):
        attainment[group][clock] = Attainment(met, met + broken, neither, forgiven)
    rows = {row.group: row for row in await queries.tickets(session, window, now)}
    # A group may have nothing left but what was broken.
    return [
        _group(name, rows.get(name), attainment[name]) for name in dict.fromkeys([*rows, *sorted(attainment)])
    ]


def _group(name: str, row: Any, attainment: Mapping[str, Attainment]) -> Group:
    if row is None:
        return Group(name, 0, dict.fromkeys(FIGURES, Ratio(0, 0, 0)), attainment)
    figures = {
        figure: _ratio(row.tickets, *(getattr(row, key) for key in (figure, f"{figure}_of")))
        for figure in FIGURES
    }
    return Group(name, row.tickets, figures, attainment)


def _ratio(whole: int, numerator: int, denominator: int) -> Ratio:
    return Ratio(numerator, denominator, whole - denominator)


async def suspects(session: AsyncSession, ticket_ids: Sequence[UUID], now: datetime) -> list[Suspect]:
    """The pauses of these tickets that look like a way round their clocks, be these over or not."""
    watches = await sla.every(session, ticket_ids)
    said = await tickets.conversations(session, ticket_ids)
    return [
        Suspect(ticket_id, watch.name, finding)
        for ticket_id in ticket_ids
        for watch in watches[ticket_id]
        for finding in policy.suspicious(watch.clock, **said[ticket_id]._asdict(), now=now)
    ]
