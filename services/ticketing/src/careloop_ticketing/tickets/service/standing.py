"""Tickets as escalation and dispatch see them: only what steps of ladders and the line read and change, many at once.

Steps fall due in thousands. So these are plain values, locked, changed and stored by one statement each.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common import outbox, records
from careloop_common.tokens import SYSTEM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.tickets import chain as chains
from careloop_ticketing.tickets import events
from careloop_ticketing.tickets.chain import Chain, Linked
from careloop_ticketing.tickets.service import history
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_COLUMNS = (
    "id, customer_id, version, status, kind, channel, language, region, vip, cause, tier, severity, product,"
    " emotion, level, assignee_id, team, team_pinned, released_by, policy_version, reopened_count, head, changed_at,"
    " number, watchers, milestones"
)
_READ: Final = text(f"SELECT {_COLUMNS} FROM ticket WHERE id = ANY(:ids)")  # noqa: S608
_LOCK_FREE: Final = text(f"{_READ.text} FOR UPDATE SKIP LOCKED")
# Two that wait for many tickets lock them in the same order.
_LOCK_ALL: Final = text(f"{_READ.text} ORDER BY id FOR UPDATE")
_CHANGING: Final = {
    "version": "int",
    "status": "text",
    "tier": "text",
    "level": "text",
    "assignee_id": "text",
    "team": "text",
    "released_by": "text",
    "policy_version": "int",
    "head": "bytea",
    "changed_at": "timestamptz",
}
_STORED: Final = {"id": "uuid", **_CHANGING}
_STORE: Final = text(
    f"UPDATE ticket SET {', '.join(f'{name} = new.{name}' for name in _CHANGING)} FROM {records.given(_STORED)}"  # noqa: S608
    " WHERE ticket.id = new.id"
)


@dataclass(slots=True)
class Standing:
    id: UUID
    customer_id: UUID | None
    version: int
    status: Status
    kind: Kind
    channel: str
    language: str
    region: str | None
    vip: bool
    cause: Cause
    tier: Tier
    severity: Severity
    product: str | None
    emotion: Emotion
    level: Level
    assignee_id: str | None
    team: str | None
    team_pinned: bool
    released_by: str | None
    policy_version: int
    """Under which new clocks start."""
    reopened_count: int
    head: bytes
    changed_at: datetime = _NEVER
    number: str = ""
    watchers: Sequence[str] = ()
    milestones: Sequence[str] = ()


class Entry(NamedTuple):
    """A history entry to be written for the system."""

    ticket_id: UUID
    seq: int
    fact: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


async def lock(
    session: AsyncSession, ticket_ids: Collection[UUID], *, wait: bool = False
) -> dict[UUID, Standing]:
    """The tickets for this transaction alone: all of them, or without waiting those that nobody holds at this instant.

    Who fires a timer must not wait: it holds the timer that the other transaction may be about to move.
    """
    found = await session.execute(_LOCK_ALL if wait else _LOCK_FREE, {"ids": list(ticket_ids)})
    return {row.id: _standing(*row) for row in found}


async def read(session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """The tickets as they are, locked by nobody."""
    return {row.id: _standing(*row) for row in await session.execute(_READ, {"ids": list(ticket_ids)})}


def _standing(
    ticket_id: UUID,
    customer_id: UUID | None,
    version: int,
    status: str,
    kind: str,
    channel: str,
    language: str,
    region: str | None,
    vip: bool,
    cause: str,
    tier: str,
    severity: str,
    product: str | None,
    emotion: str,
    level: str,
    assignee_id: str | None,
    team: str | None,
    team_pinned: bool,
    released_by: str | None,
    policy_version: int,
    reopened_count: int,
    head: bytes,
    changed_at: datetime,
    number: str,
    watchers: Sequence[str],
    milestones: Sequence[str],
) -> Standing:
    return Standing(
        ticket_id,
        customer_id,
        version,
        Status(status),
        Kind(kind),
        channel,
        language,
        region,
        vip,
        Cause(cause),
        Tier(tier),
        Severity(severity),
        product,
        Emotion(emotion),
        Level(level),
        assignee_id,
        team,
        team_pinned,
        released_by,
        policy_version,
        reopened_count,
        head,
        changed_at,
        number,
        watchers,
        milestones,
    )


async def store(
    session: AsyncSession, changed: Sequence[Standing], entries: Sequence[Entry], *, now: datetime
) -> None:
    """Write where the tickets stand, and their histories; the entries have counted up the versions already."""
    if not changed:
        return
    linked = _link(history.chain_of(session), changed, entries, now)
    await session.execute(_STORE, {"rows": records.encode(_STORED, map(_stored, changed))})
    await history.write(session, linked)
    standings = {one.id: one for one in changed}
    for entry in entries:
        if entry.before.get("status") == Status.WAITING and entry.after.get("status") == Status.HANDLING:
            ticket = standings[entry.ticket_id]
            outbox.add(session, events.resumed(ticket, because="not_allowed", by=SYSTEM.id, now=now), now=now)


def _stored(one: Standing) -> tuple[Any, ...]:
    return (
        one.id,
        one.version,
        one.status,
        one.tier,
        one.level,
        one.assignee_id,
        one.team,
        one.released_by,
        one.policy_version,
        records.hexed(one.head),
        one.changed_at,
    )


def _link(
    chain: Chain, changed: Sequence[Standing], entries: Sequence[Entry], now: datetime
) -> Sequence[Linked]:
    """Chain the entries to the heads of their tickets, and move the heads; none is earlier than the one before it."""
    standings = {one.id: one for one in changed}
    linked = []
    for new in entries:
        ticket = standings[new.ticket_id]
        ticket_id, seq, fact, before, after = new
        ticket.changed_at = at = max(now, ticket.changed_at)
        said = chains.Entry(ticket_id, seq, fact, at, SYSTEM.id, SYSTEM.kind, before, after)
        ticket.head = chain.link(ticket.head, said)
        linked.append(Linked(said, ticket.head, chain.key_id))
    return linked
