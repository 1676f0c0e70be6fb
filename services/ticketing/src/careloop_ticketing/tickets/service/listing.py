"""Lists of tickets, newest first: all of a choice, or those of them that have some words."""

from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.search import service as search
from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import NUMBER
from careloop_ticketing.tickets.queries import Choice

_FEW: Final = 1_000
_PATIENCE: Final = 5_000
"""So many tickets with the words are looked at for one page, whether or not the filters leave any of them."""


@dataclass(frozen=True, slots=True)
class Hits:
    tickets: Sequence[TicketRow]
    before: int | None = None
    """Where the next page begins; None if this is the last."""


async def find(
    session: AsyncSession, query: str, choice: Choice, *, before: int | None, limit: int, now: datetime
) -> Hits:
    """The newest tickets of a choice that have all words of the query, or the number that it is."""
    number = query.strip().upper()
    if NUMBER.fullmatch(number):
        return Hits(await queries.numbered(session, number, choice, now=now))
    words = search.wanted(query)
    if choice.few:
        theirs = await queries.ids(session, choice, limit=_FEW + 1, now=now)
        if len(theirs) <= _FEW:
            return await _page(session, await search.those_with(session, words, theirs, before=before), limit)
    return await _walk(session, words, choice, before=before, limit=limit, now=now)


async def _walk(
    session: AsyncSession,
    words: Collection[str],
    choice: Choice,
    *,
    before: int | None,
    limit: int,
    now: datetime,
) -> Hits:
    hits: list[tuple[int, UUID]] = []
    looked_at = 0
    wanted = limit + 1 if choice.everything else None
    walk = search.newest_first(session, words, before=before, wanted=wanted)
    async with aclosing(walk) as stretches:
        async for stretch in stretches:
            found = [subject_id for _, subject_id in stretch.matches]
            passing = await queries.passing(session, found, choice, now=now)
            hits += [match for match in stretch.matches if match[1] in passing]
            looked_at += stretch.total
            if len(hits) > limit:
                break
            if looked_at > _PATIENCE and stretch.down_to > 0:
                return await _page(session, hits, limit, down_to=stretch.down_to)
    return await _page(session, hits, limit)


async def _page(
    session: AsyncSession, hits: Sequence[tuple[int, UUID]], limit: int, *, down_to: int | None = None
) -> Hits:
    shown = hits[:limit]
    tickets = await queries.in_order(session, [ticket_id for _, ticket_id in shown])
    return Hits(tickets, shown[-1][0] if len(hits) > limit else down_to)
