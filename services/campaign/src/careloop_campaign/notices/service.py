"""Messages of the service class that follow a complaint: they answer what the customer did or asked for."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.complaints import service as complaints
from careloop_campaign.contact.policy import Purpose
from careloop_campaign.messages import service as messages
from careloop_campaign.messages.policy import Plan

# An acknowledgement that comes later than this, after an outage, only irritates.
ACKNOWLEDGE_WITHIN = timedelta(hours=4)


async def acknowledge(
    session: AsyncSession,
    *,
    ticket_id: UUID,
    customer_id: UUID,
    number: str,
    channel: str,
    opened_at: datetime,
    now: datetime,
) -> None:
    """Tell the customer at once, in quiet hours too: they have just written themselves."""
    plan = Plan(
        customer_id=customer_id,
        purpose=Purpose.SERVICE,
        template="complaint_acknowledged",
        campaign="complaints",
        step="acknowledge",
        occurrence=str(ticket_id),
        reference=str(ticket_id),
        values={"number": number},
        channel=channel,
        expires_at=opened_at + ACKNOWLEDGE_WITHIN,
        immediate=True,
    )
    await messages.plan(session, [plan], now=now)


async def ask_satisfaction(
    session: AsyncSession,
    *,
    ticket_id: UUID,
    customer_id: UUID,
    channel: str,
    expires_at: datetime,
    request_id: UUID,
    now: datetime,
) -> None:
    """Ask once for each request: a ticket that is reopened and resolved again asks again."""
    plan = Plan(
        customer_id=customer_id,
        purpose=Purpose.SERVICE,
        template="satisfaction_question",
        campaign="complaints",
        step="satisfaction",
        occurrence=str(request_id),
        reference=str(ticket_id),
        values={"number": await complaints.number_of(session, ticket_id)},
        channel=channel,
        expires_at=expires_at,
    )
    await messages.plan(session, [plan], now=now)
