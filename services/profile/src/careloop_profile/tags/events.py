from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

import msgspec
from careloop_contracts import CustomerTagRetiredV1, CustomerTagsChangedV1, CustomerTagSwitchedV1

from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.queries.values import Change, Step


class _Told(msgspec.Struct, gc=False):
    """The members of `CustomerTagsChangedV1`."""

    person_id: UUID
    items: Sequence[Step]
    cause: str
    at: datetime


_ENCODE: Final = msgspec.json.Encoder().encode


def changed(
    changes: Iterable[Change], cause: str, at: datetime
) -> Iterator[tuple[CustomerTagsChangedV1, str]]:
    """One event for each person, with its JSON: its changes follow each other.

    The JSON is written from what is stored, and the event has its key and no items: in a flood there are twenty for everybody.
    """
    for person_id, some in groupby(changes, key=attrgetter("person_id")):
        items = list(chain.from_iterable(one.steps for one in some))
        event = CustomerTagsChangedV1.model_construct(person_id=person_id, items=(), cause=cause, at=at)
        yield event, _ENCODE(_Told(person_id, items, cause, at)).decode()


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
