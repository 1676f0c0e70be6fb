from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from careloop_contracts import TicketCustomerErasedV1


def erased(
    customer_id: UUID, request_id: UUID, done: Mapping[str, int], at: datetime
) -> TicketCustomerErasedV1:
    return TicketCustomerErasedV1(customer_id=customer_id, request_id=request_id, at=at, done=dict(done))
