from collections.abc import Sequence
from typing import Any

from careloop_common.messaging.subscription import Delivery
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1

CUSTOMER_EVENTS = (CustomerRegisteredV1, CustomerUpdatedV1)
_KEPT = ("version", "source", "external_id", "status", "region", "language", "vip", "automated_decisions")


def states(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    """What the replica keeps of customer.registered and customer.updated; both carry the whole customer."""
    return [
        {"id": delivery.event.customer_id, "updated_at": delivery.meta.time}
        | {name: getattr(delivery.event, name) for name in _KEPT}
        for delivery in deliveries
    ]
