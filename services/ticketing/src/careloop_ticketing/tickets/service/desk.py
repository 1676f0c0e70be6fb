"""Lists of tickets by when the next that was promised is due; then those of which nothing is, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets.choices import Choice
from careloop_ticketing.tickets.models import TicketRow

Place = tuple[datetime, UUID]
"""Where a ticket stands in the list: when it is due, or never."""

NEVER: Final = datetime(2199, 12, 31, tzinfo=UTC)
_FIRST: Final = UUID(int=2**128 - 1)
_FEW: Final = 1_000
"""So many tickets are put in order, rather than looked for along the due times of all."""
_WINDOW: Final = 1_000
"""Tickets that one look takes, if not all of them are to be shown."""
_LOOKS: Final = 10
"""A page ends after so many, however little they found."""


@dataclass(frozen=True, slots=True)
class Stretch:
    tickets: Sequence[TicketRow]
    after: Place | None = None
    """Where the next page begins; None if this is the last."""


async def by_due(
    session: AsyncSession, choice: Choice, *, after: Place | None, limit: int, now: datetime
) -> Stretch:
    """The next tickets of a choice. A page can be short, even empty, although another one follows."""
    few = await queries.few(session, choice.filters, most=_FEW, now=now)
    if few is not None:
        places, rest = await _ordered(session, choice, few, after=after, limit=limit, now=now)
    else:
        places, rest = await _along(session, choice, after=after, limit=limit, now=now)
    return Stretch(await queries.in_order(session, [ticket_id for _, ticket_id in places]), rest)


async def _ordered(
    session: AsyncSession,
    choice: Choice,
    few: Sequence[UUID],
    *,
    after: Place | None,
    limit: int,
    now: datetime,
) -> tuple[list[Place], Place | None]:
    due = await queries.due_of(session, choice, few, now=now)
    places = sorted(((due_at or NEVER, ticket_id) for ticket_id, due_at in due), key=_rank)
    left = [place for place in places if after is None or _rank(place) > _rank(after)]
    return left[:limit], left[limit - 1] if len(left) > limit else None


def _rank(place: Place) -> tuple[datetime, int]:
    due_at, ticket_id = place
    return due_at, -ticket_id.int if due_at == NEVER else ticket_id.int


async def _along(
    session: AsyncSession, choice: Choice, *, after: Place | None, limit: int, now: datetime
) -> tuple[list[Place], Place | None]:
    found: list[Place] = []
    window = limit + 1 if choice.everything else _WINDOW
    for _ in range(_LOOKS):
        if after is not None and after[0] == NEVER:
            break
        looked = await queries.upcoming(session, choice, after=after, limit=window, now=now)
        for due_at, ticket_id, shown in looked:
            after = due_at, ticket_id
            found += [after] if shown else []
            if len(found) == limit:
                return found, after
        if len(looked) < window:
            after = NEVER, _FIRST
    else:
        return found, after
    assert after is not None
    wanted = limit - len(found)
    newest = await queries.newest_without_due(session, choice, before=after[1], limit=wanted + 1, now=now)
    found += [(NEVER, ticket_id) for ticket_id in newest[:wanted]]
    return found, found[-1] if len(newest) > wanted else None
