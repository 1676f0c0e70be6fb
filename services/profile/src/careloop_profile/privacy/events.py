from datetime import datetime
from uuid import UUID

from careloop_contracts import CustomerErasedV1


def erased(customer_id: UUID, request_id: UUID, at: datetime) -> CustomerErasedV1:
    return CustomerErasedV1(customer_id=customer_id, request_id=request_id, at=at)
