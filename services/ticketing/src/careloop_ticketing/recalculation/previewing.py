"""What a change of terms would do, worked out on copies of the clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common.failures import is_transient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.recalculation import service
from careloop_ticketing.recalculation.policy import halves
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.following import Change, NewTerms
from careloop_ticketing.tickets import queries as tickets_of
from careloop_ticketing.tickets.service import Standing, standing

EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Example:
    ticket: Standing
    change: Change


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a change of terms would do to some of the open tickets, were it applied now."""

    examined: int
    open: int
    """Of how many."""
    counts: Mapping[str, int]
    examples: Sequence[Example]


async def preview(session: AsyncSession, terms: NewTerms, *, limit: int, now: datetime) -> Outlook:
    """Work out for the newest, and store nothing: what was changed is the caller's copy of the clocks."""
    newest = await tickets_of.newest_unfinished(session, limit=limit)
    found, changes = await _outlook(session, newest, terms, now)
    examples = [Example(found[ticket_id], one) for ticket_id, theirs in changes.items() for one in theirs]
    counts = service.counted([example.change for example in examples])
    most = sorted(examples, key=lambda example: not example.change.late_by_change)[:EXAMPLES]
    return Outlook(len(found), await tickets_of.count_unfinished(session), counts, most)


async def _outlook(
    session: AsyncSession, ids: Sequence[UUID], terms: NewTerms, now: datetime
) -> tuple[dict[UUID, Standing], dict[UUID, list[Change]]]:
    """The tickets and what would change in them, but for those that cannot be read."""
    try:
        found = await standing.read(session, ids)
        return found, await service.changes_of(session, found, await sla.of_all(session, found), terms, now)
    except Exception as error:
        if is_transient(error) or isinstance(error, DBAPIError):
            raise
    if len(ids) <= 1:
        return {}, {}
    (one, of_one), (other, of_other) = [await _outlook(session, half, terms, now) for half in halves(ids)]
    return one | other, of_one | of_other
