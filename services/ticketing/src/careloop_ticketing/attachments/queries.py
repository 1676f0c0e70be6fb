from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.attachments.models import AttachmentRow, LooseFileRow
from careloop_ticketing.tickets import kin


async def shown(session: AsyncSession, ticket_id: UUID) -> Sequence[AttachmentRow]:
    """Of the ticket and of all that were merged into it."""
    theirs = col(AttachmentRow.ticket_id).in_(kin.with_merged(ticket_id))
    return (await session.scalars(select(AttachmentRow).where(theirs).order_by(col(AttachmentRow.id)))).all()


async def find(session: AsyncSession, ticket_id: UUID, attachment_id: UUID) -> AttachmentRow | None:
    """An attachment that is shown with the ticket."""
    theirs = col(AttachmentRow.ticket_id).in_(kin.with_merged(ticket_id))
    found = select(AttachmentRow).where(col(AttachmentRow.id) == attachment_id, theirs)
    return (await session.scalars(found)).one_or_none()


async def own(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[AttachmentRow]:
    """Those that the tickets themselves have."""
    found = select(AttachmentRow).where(col(AttachmentRow.ticket_id).in_(ticket_ids))
    return (await session.scalars(found.order_by(col(AttachmentRow.id)))).all()


async def same(session: AsyncSession, ticket_id: UUID, sha256: str) -> AttachmentRow | None:
    found = select(AttachmentRow).where(
        col(AttachmentRow.ticket_id) == ticket_id, col(AttachmentRow.sha256) == sha256
    )
    return (await session.scalars(found)).one_or_none()


async def totals(session: AsyncSession, ticket_id: UUID) -> tuple[int, int]:
    """How many the ticket has, and their bytes."""
    found = select(func.count(), func.coalesce(func.sum(col(AttachmentRow.size)), 0)).where(
        col(AttachmentRow.ticket_id) == ticket_id
    )
    return (await session.execute(found)).one()


async def claim(session: AsyncSession, file_id: UUID) -> bool:
    """Take a loose file for an attachment; False if it has been swept."""
    taken = delete(LooseFileRow).where(col(LooseFileRow.id) == file_id).returning(col(LooseFileRow.id))
    return (await session.scalars(taken)).one_or_none() is not None


async def lock_loose(session: AsyncSession, *, before: datetime, limit: int) -> Sequence[LooseFileRow]:
    """The oldest loose files that nobody is taking, for this transaction alone."""
    old = select(LooseFileRow).where(col(LooseFileRow.since) < before).order_by(col(LooseFileRow.since))
    return (await session.scalars(old.limit(limit).with_for_update(skip_locked=True))).all()
