"""Which complaints are open, as ticketing tells it. Events of one ticket come in their order."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_campaign.complaints.models import Complaint


async def opened(
    session: AsyncSession, ticket_id: UUID, *, customer_id: UUID | None, number: str, at: datetime
) -> None:
    if customer_id and await subject_keys.destroyed(session, [customer_id]):
        customer_id = None
    row = {"ticket_id": ticket_id, "customer_id": customer_id, "number": number, "opened_at": at}
    await session.execute(insert(Complaint).values(row).on_conflict_do_nothing())


async def closed(session: AsyncSession, ticket_id: UUID, *, at: datetime) -> None:
    await session.execute(update(Complaint).where(col(Complaint.ticket_id) == ticket_id).values(closed_at=at))


async def reopened(session: AsyncSession, ticket_id: UUID) -> None:
    await session.execute(
        update(Complaint).where(col(Complaint.ticket_id) == ticket_id).values(closed_at=None)
    )


async def archived(session: AsyncSession, ticket_id: UUID) -> None:
    await session.execute(delete(Complaint).where(col(Complaint.ticket_id) == ticket_id))


async def number_of(session: AsyncSession, ticket_id: UUID) -> str | None:
    return await session.scalar(select(Complaint.number).where(Complaint.ticket_id == ticket_id))


async def complaining(session: AsyncSession, customer_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the customers who have a complaint open."""
    found = await session.scalars(
        select(Complaint.customer_id)
        .where(col(Complaint.customer_id).in_(set(customer_ids)), col(Complaint.closed_at).is_(None))
        .distinct()
    )
    return frozenset(customer for customer in found if customer is not None)
