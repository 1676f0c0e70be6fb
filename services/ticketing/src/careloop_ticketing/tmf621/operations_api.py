"""Subscriptions to notifications as operators see them: everybody's."""

from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems

from careloop_ticketing.tmf621 import ledger
from careloop_ticketing.tmf621.errors import HubNotFound
from careloop_ticketing.tmf621.schemas import SendAgain, SentAgain, SubscriptionView
from careloop_ticketing.tmf621.service import operating, subscribing

router = CareRouter(prefix="/v1/hub-subscriptions", tags=["hub subscriptions"])
OPERATE = needs(subscribing.OPERATE)


@router.get("", dependencies=[OPERATE], responses=problems(InvalidCursor))
async def list_subscriptions(session: SessionDep, query: PageQuery, now: NowDep) -> Page[SubscriptionView]:
    """Who has notifications sent where, how each does and what waits for it; newest first."""
    rows = await ledger.newest_subscriptions(session, before=query.after(UUID), limit=query.limit + 1)
    return page(await operating.shown(session, rows, now), query.limit, key=lambda view: (view.id,))


@router.get("/{subscription_id}", dependencies=[OPERATE], responses=problems(HubNotFound))
async def get_subscription(subscription_id: UUID, session: SessionDep, now: NowDep) -> SubscriptionView:
    row = await operating.get(session, subscription_id)
    return (await operating.shown(session, [row], now))[0]


@router.post("/{subscription_id}/disable", dependencies=[OPERATE], responses=problems(HubNotFound))
async def disable(
    subscription_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep
) -> SubscriptionView:
    """Send nothing more for now. What happens meanwhile waits, and is given up after a day."""
    await operating.disable(session, subscription_id, actor=actor, now=now)
    return await get_subscription(subscription_id, session, now)


@router.post("/{subscription_id}/enable", dependencies=[OPERATE], responses=problems(HubNotFound))
async def enable(
    subscription_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep
) -> SubscriptionView:
    """Send again, at once, also where the circuit is open."""
    await operating.enable(session, subscription_id, actor=actor)
    return await get_subscription(subscription_id, session, now)


@router.post("/{subscription_id}/resend", dependencies=[OPERATE], responses=problems(HubNotFound))
async def resend(subscription_id: UUID, body: SendAgain, session: SessionDep, now: NowDep) -> SentAgain:
    """Send again what was given up of a span, the oldest 10,000; they may come after newer ones, with the same eventId."""
    return await operating.send_again(session, subscription_id, body.begin, body.end, now=now)
