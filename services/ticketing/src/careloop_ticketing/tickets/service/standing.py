"""Tickets as escalation and dispatch see them: only what steps of ladders and the line read and change, many at once.

Steps fall due in thousands. So these are plain values, locked, changed and stored by one statement each.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common.tokens import SYSTEM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.tickets import chain as chains
from careloop_ticketing.tickets.chain import Chain
from careloop_ticketing.tickets.service.history import RECORD, Linked, chain_of, recorded
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_COLUMNS = (
    "id, customer_id, version, status, kind, channel, language, region, vip, cause, tier, severity, product,"
    " emotion, level, assignee_id, team, team_pinned, released_by, policy_version, reopened_count, head, changed_at"
)
_READ: Final = text(f"SELECT {_COLUMNS} FROM ticket WHERE id = ANY(:ids)")  # noqa: S608
_LOCK_FREE: Final = text(f"{_READ.text} FOR UPDATE SKIP LOCKED")
# Two that wait for many tickets lock them in the same order.
_LOCK_ALL: Final = text(f"{_READ.text} ORDER BY id FOR UPDATE")
_STORE: Final = text(
    "UPDATE ticket SET version = new.version, status = new.status, tier = new.tier, level = new.level,"
    " assignee_id = new.assignee_id, team = new.team, released_by = new.released_by,"
    " policy_version = new.policy_version, head = new.head, changed_at = new.changed_at FROM unnest(CAST(:ids AS uuid[]),"
    " CAST(:versions AS int[]), CAST(:statuses AS text[]), CAST(:tiers AS text[]), CAST(:levels AS text[]),"
    " CAST(:assignees AS text[]), CAST(:teams AS text[]), CAST(:releasers AS text[]), CAST(:policies AS int[]),"
    " CAST(:heads AS bytea[]), CAST(:changes AS timestamptz[]))"
    " AS new (id, version, status, tier, level, assignee_id, team, released_by, policy_version, head, changed_at)"
    " WHERE ticket.id = new.id"
)
_RECORD: Final = text(RECORD)


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
    )


async def store(
    session: AsyncSession, changed: Sequence[Standing], entries: Sequence[Entry], *, now: datetime
) -> None:
    """Write where the tickets stand, and their histories; the entries have counted up the versions already."""
    if not changed:
        return
    linked = _link(chain_of(session), changed, entries, now)
    await session.execute(
        _STORE,
        {
            "ids": [one.id for one in changed],
            "versions": [one.version for one in changed],
            "statuses": [one.status.value for one in changed],
            "tiers": [one.tier.value for one in changed],
            "levels": [one.level.value for one in changed],
            "assignees": [one.assignee_id for one in changed],
            "teams": [one.team for one in changed],
            "releasers": [one.released_by for one in changed],
            "policies": [one.policy_version for one in changed],
            "heads": [one.head for one in changed],
            "changes": [one.changed_at for one in changed],
        },
    )
    if linked:
        await session.execute(_RECORD, recorded(session, linked))


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
        linked.append(Linked(said, ticket.head))
    return linked
