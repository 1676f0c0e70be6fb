from collections.abc import Sequence
from datetime import datetime

from careloop_contracts import CustomerUnsubscribedV1

from careloop_campaign.unsubscribe.policy import Ticket


def unsubscribed(ticket: Ticket, purposes: Sequence[str], now: datetime) -> CustomerUnsubscribedV1:
    return CustomerUnsubscribedV1.model_validate(
        {
            "message_id": ticket.message_id,
            "customer_id": ticket.customer_id,
            "purposes": purposes,
            "at": now,
        }
    )
