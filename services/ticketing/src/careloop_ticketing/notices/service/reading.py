"""Notices as their recipients see them: listed, counted, marked as read; and what they chose to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from careloop_common.errors import ScopeMissing
from careloop_common.tokens import Actor
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.notices import queries
from careloop_ticketing.notices.errors import NoticeNotFound
from careloop_ticketing.notices.models import NoticeChoiceRow, NoticeRow
from careloop_ticketing.notices.policy.telling import USUAL, Choice, Reason
from careloop_ticketing.notices.service.telling import choices

SUPERVISE = "tickets:supervise"


@dataclass(frozen=True, slots=True)
class Counts:
    unread: int
    by_reason: dict[str, int]
    waiting: int


def whose(actor: Actor, recipient: str | None) -> str:
    """Whose notices are meant: the actor's own, or with the scope tickets:supervise somebody else's."""
    if recipient is None or recipient == actor.id:
        return actor.id
    if not actor.may(SUPERVISE):
        raise ScopeMissing(f"Notices of others need the scope {SUPERVISE}.", scope=SUPERVISE)
    return recipient


async def find(
    session: AsyncSession,
    recipient: str,
    *,
    unread: bool | None,
    reason: Reason | None,
    ticket_id: UUID | None,
    after: tuple[int, UUID] | None,
    limit: int,
) -> Sequence[NoticeRow]:
    """Those that are unread, then those that are read, each newest first; `after` is where the page before ended."""
    found: list[NoticeRow] = []
    part, last = after or (0, None)
    for read in (False, True):
        if read < part or read is unread:
            continue
        before = last if read == part else None
        found += await queries.newest(
            session,
            recipient,
            read=read,
            reason=reason,
            ticket_id=ticket_id,
            before=before,
            limit=limit - len(found),
        )
        if len(found) >= limit:
            break
    return found


async def mark(session: AsyncSession, recipient: str, ids: Sequence[UUID], *, now: datetime) -> int:
    """Mark these as read; `NoticeNotFound` if any is not theirs. How many were unread."""
    wanted = set(ids)
    if missing := wanted - await queries.own(session, recipient, wanted):
        raise NoticeNotFound(f"There is no notice {min(missing)} of yours.", pointer="/ids")
    return await queries.mark(session, wanted, now)


async def mark_all(session: AsyncSession, recipient: str, up_to: UUID, *, now: datetime) -> int:
    """Mark as read whatever is not newer than this one; what has come since stays unread."""
    if not await queries.own(session, recipient, {up_to}):
        raise NoticeNotFound(f"There is no notice {up_to} of yours.", pointer="/up_to")
    return await queries.mark_up_to(session, recipient, up_to, now)


async def counts(session: AsyncSession, recipient: str) -> Counts:
    unread = await queries.unread(session, recipient)
    return Counts(sum(unread.values()), unread, await queries.count_waiting(session, recipient))


async def chosen(session: AsyncSession, agent_id: str) -> Choice:
    return (await choices(session, [agent_id])).get(agent_id, USUAL)


async def choose(
    session: AsyncSession, agent_id: str, choice: Choice, *, actor: Actor, now: datetime
) -> None:
    values = {
        "watched": sorted(reason.value for reason in choice.watched),
        "channels": [channel.value for channel in choice.channels],
        "changed_at": now,
        "changed_by": actor.id,
    }
    saved = insert(NoticeChoiceRow).values(agent_id=agent_id, **values)
    await session.execute(saved.on_conflict_do_update(index_elements=["agent_id"], set_=values))


async def forget(session: AsyncSession, *, days: int, limit: int, now: datetime) -> bool:
    """Delete what is older, some at a time; whether there may be more."""
    # Ids begin with the milliseconds in which they were made.
    until = int((now - timedelta(days=days)).timestamp() * 1000)
    return await queries.forget(session, UUID(int=until << 80), limit=limit) == limit
