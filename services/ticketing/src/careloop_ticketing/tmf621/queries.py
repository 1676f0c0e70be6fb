"""Choosing tickets by the attributes of the interface."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.tmf621 import parties
from careloop_ticketing.tmf621.models import ExtensionRow, SpecificationRow
from careloop_ticketing.tmf621.parties import Party
from careloop_ticketing.tmf621.policy import intake, statuses, words
from careloop_ticketing.tmf621.policy.statuses import TmfStatus

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets: values of attributes, of which any may be met; moments between which they lie."""

    values: Mapping[str, Sequence[str]]
    after: datetime | None = None
    before: datetime | None = None
    party: Party = parties.ANY


@dataclass(frozen=True, slots=True)
class _Either:
    """What the ticket says itself, or its client wrote: never by one OR over two tables, which no index helps."""

    ours: Condition | None
    kept: Condition
    holds: Condition | None = None
    """As long as which the ticket is shown with what its client wrote: others may have corrected it."""

    def among_few(self) -> Condition:
        """Each side is found by its own index."""
        found = [select(col(Ticket.id)).where(self.ours)] if self.ours is not None else []
        few = col(Ticket.id).in_(union_all(*found, select(col(ExtensionRow.ticket_id)).where(self.kept)))
        return few if self.holds is None else few & self.holds

    def among_many(self) -> Condition:
        """Asked of one ticket after another, of which soon enough are found."""
        beside = select(col(ExtensionRow.ticket_id)).where(col(ExtensionRow.ticket_id) == col(Ticket.id))
        written: Condition = beside.where(self.kept).correlate(Ticket).exists()
        written = written if self.holds is None else written & self.holds
        return written if self.ours is None else self.ours | written


def _kept(document: Mapping[str, Any]) -> Condition:
    kept: Condition = col(ExtensionRow.kept).contains(document)
    return kept


def _status(word: str) -> Condition:
    wanted = TmfStatus(word)
    chosen: Condition = col(Ticket.status).in_(statuses.OURS[wanted])
    reason = statuses.WAITS.get(wanted)
    return chosen if reason is None else chosen & (tickets.waits_for() == reason.value)


# A word that means something is shown with whatever means the same, and with nothing else.
def _severity(word: str) -> Condition | _Either:
    meant = words.severity_of(word)
    return col(Ticket.severity) == meant if meant else _Either(None, _kept({"severity": word}))


def _kind(word: str) -> Condition | _Either:
    if meant := words.KINDS.get(word.strip().lower()):
        return col(Ticket.kind) == meant
    return _Either(None, _kept({"ticketType": word}), col(Ticket.kind) == words.kind_of(word))


def _channel(word: str) -> Condition | _Either:
    if intake.is_code(word):
        return col(Ticket.channel) == word
    return _Either(None, _kept({"channel": {"id": word}}), col(Ticket.channel) == intake.SOURCE)


def _identity(word: str) -> Condition:
    try:
        return col(Ticket.id) == UUID(word)
    except ValueError:
        return false()


_CONDITIONS: Mapping[str, Callable[[str], Condition | _Either]] = MappingProxyType(
    {
        "id": _identity,
        "status": _status,
        "severity": _severity,
        "ticketType": _kind,
        "name": lambda word: col(Ticket.subject) == word,
        "priority": lambda word: _Either(None, _kept({"priority": word})),
        "channel.id": _channel,
        "externalId": lambda word: col(Ticket.external_ref) == word,
        "externalIdentifier.id": lambda word: col(Ticket.external_ref) == word,
    }
)
_ORDERS: Mapping[str, Any] = MappingProxyType(
    {"creationDate": Ticket.opened_at, "resolutionDate": Ticket.resolved_at, "id": Ticket.id}
)
SORTABLE = tuple(_ORDERS)
_MAY_BE_MISSING = frozenset({"resolutionDate"})
_FEW = 2_000
"""So many are found first and then put in order; of more, a page is found by going along the order."""


def _conditions(wanted: Wanted, *, many: bool) -> list[Condition]:
    found = [
        or_(*(_worded(_CONDITIONS[name](value), many=many) for value in values))
        for name, values in wanted.values.items()
    ]
    if wanted.party != parties.ANY:
        found.append(_worded(_Either(parties.ours(wanted.party), parties.kept(wanted.party)), many=many))
    if wanted.after:
        found.append(col(Ticket.opened_at) > wanted.after)
    if wanted.before:
        found.append(col(Ticket.opened_at) < wanted.before)
    return found


def _worded(condition: Condition | _Either, *, many: bool) -> Condition:
    if isinstance(condition, _Either):
        return condition.among_many() if many else condition.among_few()
    return condition


async def listed(
    session: AsyncSession, wanted: Wanted, *, sort: str, offset: int, limit: int
) -> tuple[Sequence[Ticket], int]:
    """A page of the tickets, and how many there are in all."""
    counted = select(func.count()).select_from(Ticket).where(*_conditions(wanted, many=False))
    total = (await session.execute(counted)).scalar_one()
    order = col(_ORDERS[sort.lstrip("-")])
    by = order.desc() if sort.startswith("-") else order.asc()
    # Where all have a value, to say where the others go would keep the index from being used.
    by = by.nulls_last() if sort.lstrip("-") in _MAY_BE_MISSING else by
    chosen = select(Ticket).where(*_conditions(wanted, many=total > _FEW))
    page = chosen.order_by(by, col(Ticket.id)).offset(offset).limit(limit)
    return (await session.scalars(page)).all(), total


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
