"""How many persons would have a tag, before anybody has it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags import columns
from careloop_profile.tags.policy.definitions import Content
from careloop_profile.tags.queries.facts import FACT
from careloop_profile.tags.queries.values import VALUES
from careloop_profile.tags.service import publishing, registry

EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """`having` by value, of so many `persons`; some of those who would have it; how many have it by the version in
    force, and of these and those how many would be others."""

    persons: int
    having: int
    by_value: Mapping[str, int]
    examples: Sequence[UUID]
    now_having: int | None
    changed: int | None


async def preview(session: AsyncSession, content: Content, code: str | None, *, now: datetime) -> Preview:
    """Ask the rule of everybody, by the database."""
    known = await registry.current(session)
    said, reading = publishing.checked(content, known)
    if said.kind.given:
        return Preview(await _persons(session), 0, {}, (), None, None)
    value = columns.amount(reading.of, known) if reading.of else columns.value(reading.outcomes, known, now)
    active = known.active.get(code) if code else None
    asked = sa.select(FACT.c.person_id, value.label("value"))
    if active is not None and (key := known.counted.get(active.number)):
        asked = asked.add_columns(columns.amount(key, known).label("before"))
    elif active is not None:
        theirs = sa.and_(VALUES.c.person_id == FACT.c.person_id, VALUES.c.group == active.group)
        before = VALUES.c.held[str(active.number)].label("before")
        asked = asked.add_columns(before).select_from(FACT.outerjoin(VALUES, theirs))
    else:
        asked = asked.add_columns(sa.null().cast(VALUES.c.held.type).label("before"))
    sub = asked.subquery()
    kinds = sub.c.value if not reading.of else sa.cast(sub.c.value.is_not(None), sa.Text)
    other = sa.func.count().filter(sub.c.value.is_distinct_from(sub.c.before))
    counted = sa.select(sa.cast(kinds, sa.Text), sa.func.count(), sa.func.count(sub.c.before), other)
    rows: Sequence[Any] = (await session.execute(counted.group_by(sa.text("1")))).all()
    by_value = {_spelt(row[0]): row[1] for row in rows if row[0] not in {None, "false"}}
    examples = await session.scalars(sa.select(FACT.c.person_id).where(value.is_not(None)).limit(EXAMPLES))
    return Preview(
        sum(row[1] for row in rows),
        sum(by_value.values()),
        by_value,
        examples.all(),
        sum(row[2] for row in rows) if active else None,
        sum(row[3] for row in rows) if active else None,
    )


def _spelt(value: str) -> str:
    """A text without the quotes of JSON, anything else as it is."""
    return str(json.loads(value)) if value.startswith('"') else value


async def _persons(session: AsyncSession) -> int:
    return await session.scalar(sa.select(sa.func.count()).select_from(FACT)) or 0
