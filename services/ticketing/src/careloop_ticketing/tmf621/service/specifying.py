"""Specifications of tickets: documents of integrators, stored as they are."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import ids
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tmf621.errors import AttributeNotWritable, SpecificationNotFound
from careloop_ticketing.tmf621.models import SpecificationRow
from careloop_ticketing.tmf621.policy import faces
from careloop_ticketing.tmf621.policy.documents import SPECIFICATION
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.service.checking import check
from careloop_ticketing.tmf621.views import instant

Document = dict[str, Any]
_SYSTEMS: Final = ("id", "href", "creationDate", "lastUpdate")


def create(session: AsyncSession, document: Document, now: datetime) -> SpecificationRow:
    check(document, SPECIFICATION)
    if given := [name for name in _SYSTEMS if name in document]:
        raise AttributeNotWritable(f"{given[0]} is given by the system.", pointer=f"/{given[0]}")
    row = SpecificationRow(id=ids.new_id(), document=document, created_at=now, updated_at=now)
    session.add(row)
    return row


async def get(session: AsyncSession, given: str, *, lock: bool = False) -> SpecificationRow:
    try:
        found = await session.get(SpecificationRow, UUID(given), with_for_update=lock or None)
    except ValueError:
        found = None
    if found is None:
        raise SpecificationNotFound(f"There is no specification {given[:40]!r}.")
    return found


def change(row: SpecificationRow, face: Face, wanted: Document, now: datetime) -> None:
    check(wanted, SPECIFICATION)
    shown = view(row, face)
    if changed := [name for name in _SYSTEMS if shown.get(name) != wanted.get(name)]:
        raise AttributeNotWritable(f"{changed[0]} is given by the system.", pointer=f"/{changed[0]}")
    row.document = {name: value for name, value in wanted.items() if name not in _SYSTEMS}
    row.updated_at = now


def view(row: SpecificationRow, face: Face) -> Document:
    return {
        **row.document,
        "id": str(row.id),
        "href": face.href(faces.SPECIFICATION, row.id),
        "creationDate": instant(row.created_at),
        "lastUpdate": instant(row.updated_at),
    }
