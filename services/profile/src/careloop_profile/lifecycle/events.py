from datetime import datetime
from uuid import UUID

from careloop_contracts import CustomerStageChangedV1, CustomerTierChangedV1


def moved(
    person_id: UUID, kind: str, before: str | None, after: str | None, at: datetime, because: str
) -> CustomerStageChangedV1 | CustomerTierChangedV1:
    event = CustomerStageChangedV1 if kind == "stage" else CustomerTierChangedV1
    return event.model_validate(
        {"person_id": person_id, "previous": before, "current": after, "because": because, "at": at}
    )
