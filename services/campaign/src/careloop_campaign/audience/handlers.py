from collections.abc import Sequence
from typing import Any

from careloop_common.messaging.subscription import Delivery
from careloop_contracts import CustomerState
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.audience import service


async def changed(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    """Customers were registered or updated; each event carries the whole of one."""
    await service.store(session, [_state(delivery) for delivery in deliveries])


def _state(delivery: Delivery) -> dict[str, Any]:
    customer: CustomerState = delivery.event
    state = customer.model_dump(
        mode="json",
        include={
            "customer_id",
            "version",
            "status",
            "region",
            "language",
            "vip",
            "tier",
            "care_flags",
            "do_not_disturb",
            "also_quiet",
            "consents",
            "blocks",
            "accessibility",
        },
    )
    contact, quiet = customer.contact, customer.quiet_hours
    return state | {
        "name": contact.name,
        "phone": contact.phone,
        "email": contact.email,
        "quiet_start": quiet.start.isoformat() if quiet else None,
        "quiet_end": quiet.end.isoformat() if quiet else None,
        "quiet_timezone": quiet.timezone if quiet else None,
        "quiet_weekdays": list(quiet.weekdays) if quiet else [],
        # Who may not be assessed cannot be decided about either.
        "automated_decisions": customer.automated_decisions and customer.profiling,
        "updated_at": delivery.meta.time.isoformat(),
    }
