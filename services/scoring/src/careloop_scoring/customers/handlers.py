from collections.abc import Sequence

from careloop_common.messaging.subscription import Delivery, on_batch
from careloop_contracts import (
    CustomerActivityRecordedV1,
    CustomerRegisteredV1,
    CustomerState,
    CustomerUpdatedV1,
)
from careloop_contracts.customer import Activity
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.customers import policy, service
from careloop_scoring.customers.service import Count, Known


async def keep(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    known = [_known(one.event) for one in deliveries if isinstance(one.event, CustomerState)]
    await service.remember(session, known, now=deliveries[-1].meta.now)


async def tally(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    events = (one.event for one in deliveries if isinstance(one.event, CustomerActivityRecordedV1))
    await service.count(session, (_count(item) for event in events for item in event.items))


HANDLERS = (
    on_batch((CustomerRegisteredV1, CustomerUpdatedV1), keep),
    on_batch((CustomerActivityRecordedV1,), tally),
)


def _count(item: Activity) -> Count:
    return Count(
        item.customer_id,
        item.interactions,
        item.payments,
        item.amount,
        item.complaints,
        item.last_at,
        item.last_at if item.payments else None,
    )


def _known(state: CustomerState) -> Known:
    facts = policy.Facts(
        customer_id=state.customer_id,
        status=state.status,
        kind=state.kind,
        region=state.region,
        vip=state.vip,
        care_flags=state.care_flags,
        devices=state.devices,
        joined_on=state.joined_on,
        left_on=state.left_on,
        subscriptions=tuple(
            policy.Subscription(
                product=one.product,
                status=one.status,
                monthly_fee=float(one.monthly_fee) if one.monthly_fee is not None else None,
                contract=one.contract,
                started_on=one.started_on,
                ended_on=one.ended_on,
            )
            for one in state.subscriptions
        ),
        attributes=state.attributes,
        withheld=_withheld(state),
    )
    return Known(facts, state.version)


def _withheld(state: CustomerState) -> str | None:
    if not state.profiling:
        return "profiling"
    return None if state.automated_decisions else "automated_decision"
