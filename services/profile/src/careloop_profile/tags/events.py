from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from careloop_contracts import CustomerTagsChangedV1


def changed(
    changes: Sequence[tuple[UUID, str, int, Any, Any]], cause: str, at: datetime
) -> Iterator[CustomerTagsChangedV1]:
    """One event for each person: its changes follow each other."""
    for person_id, some in groupby(changes, key=lambda one: one[0]):
        yield CustomerTagsChangedV1.model_validate(
            {
                "person_id": person_id,
                "items": [
                    {"code": code, "version": version, "previous": before, "current": after}
                    for _, code, version, before, after in some
                ],
                "cause": cause,
                "at": at,
            }
        )
