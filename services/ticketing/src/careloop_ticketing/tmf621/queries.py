"""Choosing tickets by the attributes of the interface."""

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.tmf621.models import (
    ExtensionRow,
    SpecificationRow,
)
from careloop_ticketing.tmf621.policy import statuses, words
from careloop_ticketing.tmf621.policy.statuses import TmfStatus

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets: values of attributes, of which any may be met; moments between which they lie."""

    values: Mapping[str, Sequence[str]]
    after: datetime | None = None
    before: datetime | None = None


def _kept(name: str) -> ColumnElement[str]:
    kept: ColumnElement[str] = col(ExtensionRow.kept)[name].astext
    return kept


def _status(word: str) -> Condition:
    wanted = TmfStatus(word)
    chosen: Condition = col(Ticket.status).in_(statuses.OURS[wanted])
    reason = statuses.WAITS.get(wanted)
    return chosen if reason is None else chosen & (tickets.waits_for() == reason.value)


def _severity(word: str) -> Condition:
    meant = words.severity_of(word)
    return or_(_kept("severity") == word, *([] if meant is None else [col(Ticket.severity) == meant]))


def _kind(word: str) -> Condition:
    meant = words.KINDS.get(word.strip().lower())
    return or_(_kept("ticketType") == word, *([] if meant is None else [col(Ticket.kind) == meant]))


def _identity(word: str) -> Condition:
    try:
        return col(Ticket.id) == UUID(word)
    except ValueError:
        return false()


def _party(word: str) -> Condition:
    found: list[Condition] = [col(Ticket.customer_external_id) == word]
    source, _, identity = word.partition(":")
    if identity:
        found.append((col(Ticket.customer_source) == source) & (col(Ticket.customer_external_id) == identity))
    with contextlib.suppress(ValueError):
        found.append(col(Ticket.customer_id) == UUID(word))
    return or_(*found)


_CONDITIONS: Mapping[str, Callable[[str], Condition]] = MappingProxyType(
    {
        "id": _identity,
        "status": _status,
        "severity": _severity,
        "ticketType": _kind,
        "name": lambda word: col(Ticket.subject) == word,
        "priority": lambda word: _kept("priority") == word,
        "channel.id": lambda word: or_(
            col(ExtensionRow.kept)["channel"]["id"].astext == word, col(Ticket.channel) == word
        ),
        "externalId": lambda word: col(Ticket.external_ref) == word,
        "externalIdentifier.id": lambda word: col(Ticket.external_ref) == word,
        "relatedParty.id": _party,
        "relatedParty.partyOrPartyRole.id": _party,
    }
)
_ORDERS: Mapping[str, Any] = MappingProxyType(
    {"creationDate": Ticket.opened_at, "resolutionDate": Ticket.resolved_at, "id": Ticket.id}
)
SORTABLE = tuple(_ORDERS)


def _conditions(wanted: Wanted) -> list[Condition]:
    found = [or_(*map(_CONDITIONS[name], values)) for name, values in wanted.values.items()]
    if wanted.after:
        found.append(col(Ticket.opened_at) > wanted.after)
    if wanted.before:
        found.append(col(Ticket.opened_at) < wanted.before)
    return found


async def listed(
    session: AsyncSession, wanted: Wanted, *, sort: str, offset: int, limit: int
) -> tuple[Sequence[Ticket], int]:
    """A page of the tickets, and how many there are in all."""
    beside = col(ExtensionRow.ticket_id) == col(Ticket.id)
    conditions = _conditions(wanted)
    order = col(_ORDERS[sort.lstrip("-")])
    by = order.desc() if sort.startswith("-") else order.asc()
    chosen = select(Ticket).outerjoin(ExtensionRow, beside).where(*conditions)
    page = chosen.order_by(by.nulls_last(), col(Ticket.id)).offset(offset).limit(limit)
    count = select(func.count()).select_from(Ticket).outerjoin(ExtensionRow, beside).where(*conditions)
    return (await session.scalars(page)).all(), (await session.execute(count)).scalar_one()


async def extensions(session: AsyncSession, ticket_ids: Collection[UUID]) -> Mapping[UUID, ExtensionRow]:
    rows = await session.scalars(select(ExtensionRow).where(col(ExtensionRow.ticket_id).in_(ticket_ids)))
    return {row.ticket_id: row for row in rows}


async def specifications(
    session: AsyncSession, values: Mapping[str, str], *, offset: int, limit: int
) -> tuple[Sequence[SpecificationRow], int]:
    matching = [col(SpecificationRow.document)[name].astext == value for name, value in values.items()]
    page = select(SpecificationRow).where(*matching).order_by(col(SpecificationRow.id).desc())
    count = select(func.count()).select_from(SpecificationRow).where(*matching)
    rows = (await session.scalars(page.offset(offset).limit(limit))).all()
    return rows, (await session.execute(count)).scalar_one()
