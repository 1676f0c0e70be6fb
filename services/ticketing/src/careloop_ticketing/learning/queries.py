from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.classification.policy import ATTRIBUTES
from careloop_ticketing.classification.service import Correction
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.vocabulary import WITHDRAWN


async def corrections(
    session: AsyncSession, *, since: datetime | None, after: UUID | None, limit: int
) -> Sequence[tuple[Correction, Ticket]]:
    """Corrections in the order in which they were made, with their tickets."""
    found = select(Correction, Ticket).join(Ticket, col(Ticket.id) == col(Correction.subject_id))
    if since is not None:
        found = found.where(col(Correction.corrected_at) >= since)
    rows = keyset.forward(found, col(Correction.id), after=after, limit=limit)
    return [(correction, ticket) for correction, ticket in await session.execute(rows)]


@dataclass(frozen=True, slots=True)
class Corrected:
    tickets: int
    """Of which a person corrected anything."""
    changed: dict[str, int]
    """By attribute: of which people said otherwise in the end."""


async def corrected(session: AsyncSession, rule_set: int) -> Corrected:
    """What people made of the suggestions of a rule set; the last word on a ticket counts."""
    first, other = aliased(Correction), aliased(Correction)
    theirs = select(other).where(col(other.subject_id) == col(first.subject_id))
    last = aliased(Correction, theirs.order_by(col(other.id).desc()).limit(1).lateral())
    counts = [
        func.count().filter(getattr(first, f"suggested_{name}").is_distinct_from(getattr(last, name)))
        for name in ATTRIBUTES
    ]
    found = select(func.count(), *counts).select_from(first).join(last, col(last.id).is_not(None))
    tickets, *changed = (await session.execute(found.where(col(first.rule_set) == rule_set))).one()
    return Corrected(tickets, dict(zip(ATTRIBUTES, changed, strict=True)))


async def uncorrected(session: AsyncSession, rule_set: int) -> tuple[int, int]:
    """Tickets whose classification stands as the rule set made it: those that were resolved so, and the others."""
    resolved = and_(col(Ticket.feedback_round) > 0, col(Ticket.status).not_in(WITHDRAWN))
    counts = select(func.count().filter(resolved), func.count().filter(~resolved))
    standing, open_ = (await session.execute(counts.where(col(Ticket.rule_set) == rule_set))).one()
    return standing, open_
