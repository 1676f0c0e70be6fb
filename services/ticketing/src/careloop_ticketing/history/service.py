"""Writing anchors, and verifying chains against their keys, their heads and the anchors."""

import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import structlog
from careloop_common import outbox
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.history import events, policy, queries
from careloop_ticketing.history.policy import Broken, Mark
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.chain import START, Chain

log = structlog.get_logger()

Told = Mapping[int, Collection[bytes]]
"""What the stream says of anchors: each number with every hash that it was told with."""
NOTHING_TOLD: Final[Told] = {}

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MARGIN: Final = timedelta(minutes=10)
"""Longer than any transaction: an entry may be committed after an anchor that is younger than it."""
_PAGE: Final = 2_000
_NOBODY: Final = UUID(int=0)


@dataclass(slots=True)
class Tally:
    """What was looked at."""

    tickets: int = 0
    entries: int = 0
    anchors: int = 0
    last: tuple[int, bytes] | None = None
    """Number and hash of the newest anchor."""
    seen: dict[int, bytes] = field(default_factory=dict)
    """The hash of each anchor."""


async def anchor(session: AsyncSession, *, now: datetime, told: Told = NOTHING_TOLD) -> int:
    """Write the next anchor; returns over how many tickets. An hour without any change gets one, too.

    One that was told and is gone is not written anew: its number stays free, so that it is missed for ever.
    """
    chain = tickets.chain_of(session)
    last = (await session.execute(queries.LAST_ANCHOR)).first()
    number, previous = (last.number + 1, last.hash) if last else (1, START)
    if number <= (newest := max(told, default=0)):
        log.error("history.anchors_missing", first=number, last=newest)
        number = newest + 1
    since = last.at - _MARGIN if last else _NEVER
    draft = {"number": number, "at": now, "key_id": chain.key_id, "nothing": b""}
    await session.execute(queries.WRITE_ANCHOR, draft)
    await session.execute(queries.FILL_ANCHOR, {"number": number, "since": since})
    signing = chain.anchoring(previous, number, now)
    heads = await session.stream(queries.HEADS_OF, {"number": number}, execution_options={"yield_per": 5_000})
    async for part in heads.partitions():
        signing.add((row[0], row[1], row[2]) for row in part)
    signed = signing.digest()
    await session.execute(queries.SIGN_ANCHOR, {"number": number, "tickets": signing.heads, "hash": signed})
    outbox.add(session, events.anchored(number, signed, signing.heads, now), now=now)
    log.info("history.anchored", number=number, tickets=signing.heads, hash=signed.hex())
    return signing.heads


async def verify(session: AsyncSession, tally: Tally, told: Told = NOTHING_TOLD) -> AsyncIterator[Broken]:
    """Look at every anchor, and then at every ticket; what is found is counted in `tally`.

    `told` are the anchors that the stream holds, which nobody can change by way of the database.
    """
    chain = tickets.chain_of(session)
    async for found in _verify_anchors(session, chain, tally):
        yield found
    for broken in policy.contradicted(tally.seen, told):
        yield broken
    first = _NOBODY
    while last := (await session.execute(queries.LAST_OF_PAGE, {"after": first, "limit": _PAGE})).scalar():
        for found in await _verify_page(session, chain, UUID(int=first.int + 1), last, tally):
            yield found
        first = last


async def verify_one(session: AsyncSession, ticket_id: UUID) -> tuple[Tally, list[Broken], int | None]:
    """One ticket: what was counted, what is broken, and up to which entry an anchor holds it."""
    tally = Tally()
    marks = (await session.execute(queries.MARKS, {"first": ticket_id, "last": ticket_id})).all()
    found = await _verify_page(session, tickets.chain_of(session), ticket_id, ticket_id, tally)
    return tally, found, max((row.seq for row in marks), default=None)


async def _verify_anchors(session: AsyncSession, chain: Chain, tally: Tally) -> AsyncIterator[Broken]:
    anchors = (await session.execute(queries.ANCHORS)).all()
    if not anchors and await session.scalar(queries.HAS_ENTRIES):
        yield Broken(
            None,
            None,
            "there are none, though there are tickets: no worker has run yet, or they were deleted",
        )
    # Those whose ticket is gone first: what comes later is read later, and can only know more tickets.
    for ticket_id, number in (await session.execute(queries.GONE)).all():
        yield Broken(ticket_id, None, f"is gone, though anchor {number} holds it")
    heads = _by_anchor(session)
    waiting = await anext(heads, None)
    previous = START
    for number, row in enumerate(anchors, start=1):
        if row.number != number:
            yield Broken(None, number, "is missing")
            break
        try:
            signing = chain.anchoring(previous, number, row.at, row.key_id)
        except KeyError:
            yield Broken(
                None, number, f"was signed under the key {row.key_id!r}, which the ring does not have"
            )
            signing = None
        while waiting and waiting[0] == number:
            if signing:
                signing.add(waiting[1])
            waiting = await anext(heads, None)
        if signing and (signing.digest() != row.hash or signing.heads != row.tickets):
            yield Broken(None, number, "does not fit: it, or what it holds, was changed")
        previous = row.hash
        tally.anchors, tally.last = number, (number, previous)
        tally.seen[number] = previous


async def _by_anchor(session: AsyncSession) -> AsyncIterator[tuple[int, Sequence[tuple[UUID, int, bytes]]]]:
    """What the anchors hold, in parts that belong to one anchor each."""
    found = await session.stream(queries.ANCHORED, execution_options={"yield_per": 5_000})
    async for part in found.partitions():
        for number, rows in groupby(part, key=lambda row: row[0]):
            yield number, [(row[1], row[2], row[3]) for row in rows]


async def _verify_page(
    session: AsyncSession, chain: Chain, first: UUID, last: UUID, tally: Tally
) -> list[Broken]:
    """Tickets from one id to another. Anchors are read first: of what is read later they cannot know too much."""
    page = {"first": first, "last": last}
    marks: dict[UUID, list[Mark]] = {}
    for row in await session.execute(queries.MARKS, page):
        marks.setdefault(row[0], []).append(Mark(row[1], row[2], row[3]))
    rows = (await session.execute(queries.ENTRIES, page)).all()
    found: list[Broken] = []
    for ticket_id, theirs in groupby(rows, key=lambda row: row[0]):
        entries = list(theirs)
        version, head = entries[0][1], entries[0][2]
        kept = list(_kept(entries))
        tally.tickets += 1
        tally.entries += len(kept)
        found += policy.broken(chain, ticket_id, version, head, kept, marks.get(ticket_id, ()))
    return found


def _kept(rows: Sequence[Any]) -> Iterator[policy.Kept]:
    return (policy.stored((row[0], *row[3:]), json.loads) for row in rows if row[3] is not None)
