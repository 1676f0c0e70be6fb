from collections.abc import Sequence

from careloop_common.messaging.subscription import Delivery
from careloop_contracts import ScoreWarningRaisedV1
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.care import service
from careloop_campaign.care.policy import ChurnWarning


async def warned(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    warnings = [_warning(delivery.event) for delivery in deliveries]
    await service.warn(session, warnings, now=deliveries[-1].meta.now)


def _warning(event: ScoreWarningRaisedV1) -> ChurnWarning:
    return ChurnWarning(
        customer_id=event.customer_id,
        raised_at=event.raised_at,
        driver=event.driver,
        tier=event.tier,
        origin=event.model_dump(
            mode="json", include={"run_id", "churn_probability", "tier", "rfm_segment", "reasons"}
        ),
    )
