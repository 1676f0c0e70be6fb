"""A version comes into force, or is retired, for everybody at once; what that makes of each person's tags is written down in
the background, stretch by stretch.

The line of a person follows from the values of both versions, which lie beside each other until everybody's history knows.
So who looks at a person whose turn has not come writes its line first, for the look makes others of these values; and who
reads is told the line that is still to come.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.customers.queries import among
from careloop_profile.tags.models import DefinitionRow, HistoryRow
from careloop_profile.tags.policy.definitions import State
from careloop_profile.tags.policy.registry import Registry
from careloop_profile.tags.queries import definitions, facts
from careloop_profile.tags.queries.facts import FACT
from careloop_profile.tags.queries.values import HISTORY, VALUES

STRETCH: Final = 10_000
_BEFORE_ALL: Final = UUID(int=0)
_AFTER_ALL: Final = 2**63 - 1
"""From here down are the numbers of lines that are still to come."""
_NAMES: Final = ("person_id", "code", "version", "at", "before", "after", "cause")


async def record(session: AsyncSession, *, now: datetime, limit: int = STRETCH) -> bool:
    """Write down what became of the tags of the next persons; whether there may be more."""
    found = await definitions.to_be_recorded(session)
    if found is None:
        return False
    number, cursor = found
    if cursor is None:
        # Who looked at persons before the switch does not know of it.
        await definitions.looked(session)
        if row := await definitions.unrecorded(session, number):
            row.cursor = row.cursor or _BEFORE_ALL
        return True
    await presence.enter(session)
    row = await definitions.unrecorded(session, number)
    if row is None or row.cursor is None:
        return True
    last = await facts.stretch(session, row.cursor, limit)
    place = VALUES.c.person_id > row.cursor
    if last is not None:
        place &= VALUES.c.person_id <= last
    await _write(session, row, await _locked(session, row, place))
    row.cursor, row.recorded_at = last, None if last else now
    return True


async def settle(session: AsyncSession, known: Registry, persons: Collection[UUID]) -> None:
    """Write the lines of these persons, who are locked, before anything else becomes of their tags."""
    for row in await _rows(session, known):
        await _write(session, row, list(persons))


async def to_come(session: AsyncSession, known: Registry, person_id: UUID) -> list[HistoryRow]:
    """The lines of a person that are still to be written, the latest first."""
    lines = []
    for place, row in enumerate(reversed(await _rows(session, known))):
        for line in await session.execute(_lines(row, VALUES.c.person_id == person_id)):
            told = dict(zip(_NAMES, line, strict=True))
            lines.append(HistoryRow(number=_AFTER_ALL - place, **told))
    return lines


async def _rows(session: AsyncSession, known: Registry) -> Sequence[DefinitionRow]:
    if not known.recording:
        return ()
    rows = await definitions.by_number(session, known.recording)
    return [row for row in rows if row.recorded_at is None]


async def _locked(session: AsyncSession, row: DefinitionRow, place: Any) -> list[UUID]:
    """The persons there who are to have a line; locked, for somebody may be looking at them."""
    wanted = _lines(row, place).subquery()
    persons = sa.select(FACT.c.person_id).join(wanted, wanted.c.person_id == FACT.c.person_id)
    locked = persons.order_by(FACT.c.person_id).with_for_update(key_share=True, of=FACT)
    return list((await session.scalars(locked)).all())


async def _write(session: AsyncSession, row: DefinitionRow, persons: Collection[UUID]) -> None:
    if persons:
        lines = _lines(row, among(VALUES.c.person_id, list(persons)))
        await session.execute(sa.insert(HISTORY).from_select(_NAMES, lines, include_defaults=False))


def _lines(row: DefinitionRow, place: Any) -> sa.Select[Any]:
    """What the version made of the tags of the persons there, without those whose history knows."""
    over = row.state == State.RETIRED
    had, has = (_member(one) for one in ((row.number, None) if over else (row.replaces, row.number)))
    at, by = (row.ended_at, row.ended_by) if over else (row.switched_at, row.published_by)
    cause = {"kind": "definition", "version": row.version, "by": by}
    # Sought by the person, one by one: by the number all that is written down meanwhile would be read for each.
    known = [
        HISTORY.c.person_id == VALUES.c.person_id,
        HISTORY.c.number + 0 > row.history_from,
        HISTORY.c.code == row.code,
        HISTORY.c.version == row.version,
    ]
    if over:
        known.append(HISTORY.c.at == at)
    told = sa.select(HISTORY.c.number).where(*known).limit(1).scalar_subquery()
    return sa.select(
        VALUES.c.person_id,
        sa.literal(row.code, sa.Text).label("code"),
        sa.literal(row.version, sa.Integer).label("version"),
        sa.literal(at, HISTORY.c.at.type).label("at"),
        had.label("before"),
        has.label("after"),
        sa.literal(cause, HISTORY.c.cause.type).label("cause"),
    ).where(place, VALUES.c.group == row.group, had.is_distinct_from(has), told.is_(None))


def _member(number: int | None) -> Any:
    return sa.null().cast(VALUES.c.held.type) if number is None else VALUES.c.held[str(number)]
