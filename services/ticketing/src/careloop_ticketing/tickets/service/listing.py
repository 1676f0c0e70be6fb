"""Lists of tickets, newest first: all of a choice, or those of them that have some words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.search import service as search
from careloop_ticketing.tickets import choices, queries
from careloop_ticketing.tickets.choices import Choice
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import number_in

_FEW: Final = 1_000
"""So many tickets are looked at one by one for the words, rather than those with the words for the filters."""


@dataclass(frozen=True, slots=True)
class Hits:
    tickets: Sequence[TicketRow]
    before: int | None = None
    """Where the next page begins; None if this is the last."""


async def find(
    session: AsyncSession, query: str, choice: Choice, *, before: int | None, limit: int, now: datetime
) -> Hits:
    """The newest tickets of a choice that have all words of the query, or the number that it is or has in it.

    There can be fewer of them than asked for, even none, although more follow: a search ends when it has taken its time.
    """
    if number := number_in(query):
        named = await queries.numbered(session, number, choice, now=now)
        if named or number == query.strip().upper():
            return Hits(named)
    words = search.wanted(query)
    if not words:
        return Hits([])
    passes = None if choice.everything else choices.passes(choice, now)
    few = await queries.few(session, choice.filters, most=_FEW, now=now)
    if few is None:
        found = await search.newest_first(session, words, passes, before=before, limit=limit)
    else:
        found = await search.those_with(session, words, passes, few, before=before, limit=limit)
    tickets = await queries.in_order(session, [ticket_id for _, ticket_id in found.matches])
    return Hits(tickets, found.down_to or None)
