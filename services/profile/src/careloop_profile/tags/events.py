from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from careloop_contracts import CustomerTagRetiredV1, CustomerTagsChangedV1, CustomerTagSwitchedV1

from careloop_profile.tags.models import DefinitionRow


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


def switched(row: DefinitionRow, before: DefinitionRow | None) -> CustomerTagSwitchedV1:
    """A version is in force."""
    return CustomerTagSwitchedV1.model_validate(
        {
            **{
                name: getattr(row, name)
                for name in ("code", "version", "name", "name_zh", "kind", "value_type")
            },
            "values": row.content.get("values") or [case["value"] for case in row.content.get("cases", ())],
            "previous_version": before and before.version,
            "having": row.having,
            "by": row.published_by,
            "at": row.switched_at,
        }
    )


def retired(row: DefinitionRow) -> CustomerTagRetiredV1:
    """Nobody has the tag any more."""
    return CustomerTagRetiredV1.model_validate(
        {"code": row.code, "version": row.version, "by": row.ended_by, "at": row.ended_at}
    )
