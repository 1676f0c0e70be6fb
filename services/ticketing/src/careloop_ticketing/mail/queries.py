from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.mail.models import InboundMailRow
from careloop_ticketing.mail.policy.outcomes import HEARD
from careloop_ticketing.tickets import kin


async def lock(session: AsyncSession, key: str) -> InboundMailRow | None:
    """The message of this key, if it came before; until the end of the transaction nobody else takes it in."""
    number = int.from_bytes(bytes.fromhex(key)[:8], signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(number)))
    return (await session.scalars(select(InboundMailRow).where(col(InboundMailRow.key) == key))).one_or_none()


async def ticket_of(session: AsyncSession, message_indexes: Sequence[str]) -> UUID | None:
    """The ticket of the first of these messages that is part of one."""
    said = select(col(InboundMailRow.message_index), col(InboundMailRow.ticket_id)).where(
        col(InboundMailRow.message_index).in_(message_indexes), col(InboundMailRow.outcome).in_(HEARD)
    )
    found = {row[0]: row[1] for row in await session.execute(said)}
    return next((found[index] for index in message_indexes if index in found), None)


async def wrote_on(session: AsyncSession, sender_index: str, ticket_id: UUID) -> bool:
    """Whether somebody with this address is part of the ticket, or of one that was merged into it."""
    theirs = select(col(InboundMailRow.id)).where(
        col(InboundMailRow.ticket_id).in_(kin.with_merged(ticket_id)),
        col(InboundMailRow.sender_index) == sender_index,
        col(InboundMailRow.outcome).in_(HEARD),
    )
    return (await session.scalars(theirs.limit(1))).first() is not None


async def count_from(session: AsyncSession, sender_index: str, *, since: datetime) -> int:
    theirs = select(func.count()).where(
        col(InboundMailRow.sender_index) == sender_index, col(InboundMailRow.taken_at) > since
    )
    return (await session.execute(theirs)).scalar_one()


async def correspondents(session: AsyncSession, ticket_id: UUID, *, limit: int) -> Sequence[InboundMailRow]:
    """The first messages on the ticket, and on those that were merged into it, of which it is known who wrote them."""
    theirs = select(InboundMailRow).where(
        col(InboundMailRow.ticket_id).in_(kin.with_merged(ticket_id)),
        col(InboundMailRow.outcome).in_(HEARD),
        col(InboundMailRow.sender).is_not(None),
    )
    return (await session.scalars(theirs.order_by(col(InboundMailRow.id)).limit(limit))).all()


async def forget_ignored(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete what is part of no ticket; returns how many."""
    old = select(col(InboundMailRow.id)).where(
        col(InboundMailRow.ticket_id).is_(None), col(InboundMailRow.taken_at) < before
    )
    gone = delete(InboundMailRow).where(col(InboundMailRow.id).in_(old.limit(limit)))
    return int((await session.execute(gone)).rowcount)  # type: ignore[attr-defined]
