from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from careloop_contracts import CustomerMergedV1, CustomerUnmergedV1

from careloop_profile.identity.models import MergeRow


def merged(merge: MergeRow, person: Sequence[UUID], joined: Sequence[Sequence[UUID]]) -> CustomerMergedV1:
    return CustomerMergedV1.model_validate(
        {
            "person_id": person[0],
            "merge_id": merge.id,
            "customers": person,
            "joined": joined,
            "method": merge.method,
            "at": merge.at,
        }
    )


def unmerged(
    merge: MergeRow, person_id: UUID, parts: Sequence[Sequence[UUID]], at: datetime
) -> CustomerUnmergedV1:
    return CustomerUnmergedV1(
        person_id=person_id, merge_id=merge.undoes, parts=tuple(map(tuple, parts)), at=at
    )
