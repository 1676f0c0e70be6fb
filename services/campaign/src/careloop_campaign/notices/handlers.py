from careloop_common.messaging.subscription import Meta
from careloop_contracts import (
    TicketArchivedV1,
    TicketOpenedV1,
    TicketReopenedV1,
    TicketResolvedV1,
    TicketSatisfactionRequestedV1,
)
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.complaints import service as complaints
from careloop_campaign.notices import service


async def opened(session: AsyncSession, event: TicketOpenedV1, meta: Meta) -> None:
    await complaints.opened(
        session,
        event.ticket_id,
        customer_id=event.customer_id,
        number=event.number,
        at=event.opened_at,
    )
    if event.customer_id is not None and event.acknowledge:
        await service.acknowledge(
            session,
            ticket_id=event.ticket_id,
            customer_id=event.customer_id,
            number=event.number,
            channel=event.channel,
            opened_at=event.opened_at,
            now=meta.now,
        )


async def resolved(session: AsyncSession, event: TicketResolvedV1, _: Meta) -> None:
    await complaints.closed(session, event.ticket_id, at=event.resolved_at)


async def reopened(session: AsyncSession, event: TicketReopenedV1, _: Meta) -> None:
    await complaints.reopened(session, event.ticket_id)


async def archived(session: AsyncSession, event: TicketArchivedV1, _: Meta) -> None:
    await complaints.archived(session, event.ticket_id)


async def satisfaction_requested(
    session: AsyncSession, event: TicketSatisfactionRequestedV1, meta: Meta
) -> None:
    if event.customer_id is not None:
        await service.ask_satisfaction(
            session,
            ticket_id=event.ticket_id,
            customer_id=event.customer_id,
            channel=event.channel,
            expires_at=event.expires_at,
            request_id=meta.event_id,
            now=meta.now,
        )
