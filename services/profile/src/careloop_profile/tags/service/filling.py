"""A new version is asked of everybody in the background, then it is in force for everybody at once.

Until then its values lie beside those of the version before, under another number, and follow every change. A chunk is one
statement of the database, however the rule reads; persons of a chunk are locked, so that none is missed who is looked at
by somebody who does not know of the version yet.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from careloop_common import outbox, timers, zones
from careloop_common.rules.values import LAST
from careloop_common.timers import NewTimer
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.tags import columns, events, metrics
from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import State
from careloop_profile.tags.policy.moments import DAY, Calendar
from careloop_profile.tags.policy.registry import Registry
from careloop_profile.tags.policy.vocabulary import DATES
from careloop_profile.tags.queries import definitions, facts, values
from careloop_profile.tags.queries.facts import FACT
from careloop_profile.tags.queries.values import VALUES
from careloop_profile.tags.service import registry
from careloop_profile.tags.service.judging import STEP, TIMER

CHUNK: Final = 10_000
_EMPTY: Final = UUID(int=0)


async def fill(session: AsyncSession, *, now: datetime, limit: int = CHUNK) -> bool:
    """Ask the next persons for a version that is being filled; whether there may be more to do. Days are counted where
    `now` is told."""
    row = await definitions.filling(session)
    if row is None:
        return False
    await presence.enter(session)
    known = await registry.current(session)
    asked, having, last = await _put(session, row, known, now, limit)
    if last is not None and known.rules(row.number):
        calendar = Calendar(rule for _, rule in known.rules(row.number))
        await _arm(session, calendar, row.cursor or _EMPTY, last, now)
    row.asked, row.having, row.cursor = row.asked + asked, row.having + having, last or row.cursor
    metrics.FILLED.inc(asked)
    if asked < limit:
        await _switch(session, row, now.astimezone(UTC))
    return True


def _value(row: DefinitionRow, known: Registry, now: datetime) -> columns.Column:
    reading = known.readings.get(row.number)
    if reading is None:
        return columns.said(row.code, registry.content(row))
    return columns.amount(reading.of, known) if reading.of else columns.value(reading.outcomes, known, now)


async def _put(
    session: AsyncSession, row: DefinitionRow, known: Registry, now: datetime, limit: int
) -> tuple[int, int, UUID | None]:
    """The values of the next persons; returns how many were asked, how many have the tag, and who was the last."""
    asked = (
        sa.select(FACT.c.person_id, _value(row, known, now).label("value"))
        .where(FACT.c.person_id > (row.cursor or _EMPTY))
        .order_by(FACT.c.person_id)
        .limit(limit)
        .with_for_update(key_share=True)
        .cte("asked")
    )
    held = sa.func.jsonb_build_object(str(row.number), asked.c.value)
    have = sa.select(asked.c.person_id, sa.literal(row.group), held).where(asked.c.value.is_not(None))
    new = insert(VALUES).from_select(["person_id", "group", "held"], have.order_by(asked.c.person_id))
    joined = VALUES.c.held.op("||")(new.excluded.held)
    put = new.on_conflict_do_update(index_elements=["person_id", "group"], set_={"held": joined}).cte("put")
    last = sa.select(asked.c.person_id).order_by(asked.c.person_id.desc()).limit(1).scalar_subquery()
    counted = sa.select(sa.func.count(), sa.func.count(asked.c.value), last).select_from(asked).add_cte(put)
    found = (await session.execute(counted)).one()
    return found[0], found[1], found[2]


async def _arm(session: AsyncSession, calendar: Calendar, after: UUID, last: UUID, now: datetime) -> None:
    """Have those looked at in time whom the new version, and time alone, may give or take the tag."""
    persons = sa.and_(FACT.c.person_id > after, FACT.c.person_id <= last)
    if moments := [one for name, days in calendar.days.items() for one in _coming(name, days, now)]:
        due: Any = sa.func.least(*moments, type_=FACT.c.due_at.type)
        put = sa.update(FACT).where(
            persons, sa.or_(FACT.c.due_at.is_(None), due < FACT.c.due_at), due.is_not(None)
        )
        sooner = put.values(due_at=due).returning(FACT.c.person_id.label("owner_id"), FACT.c.due_at)
        await timers.arm_chosen(session, TIMER, STEP, sooner.cte("sooner"))
    if calendar.others:
        asked: dict[UUID, datetime] = {}
        for row in await session.execute(sa.select(FACT).where(persons)):
            stored = facts.stored(row)
            found = calendar.next(stored.known.facts(), now)
            if found is not None and (stored.due_at is None or found < stored.due_at):
                asked[row.person_id] = found
        await facts.put_forward(session, asked)
        await timers.arm_all(session, [NewTimer(TIMER, person, STEP, due) for person, due in asked.items()])


def _coming(name: str, days: Iterable[int], now: datetime) -> Iterator[Any]:
    """The moments so many days after this fact, each if it is still to come; none after the year 9999."""
    then = columns.FactColumns({})[name]
    for number in days:
        moment = _begin_of(_day_of(then, now) + number, now) if name in DATES else then + number * DAY
        yield sa.case((sa.and_(moment > now, moment <= LAST), moment))


def _day_of(date_: columns.Column, now: datetime) -> Any:
    """As `values.day_of` reckons: from the middle of the day it is the same one in every season."""
    noon = date_ + sa.literal(DAY / 2, sa.Interval)
    return sa.cast(sa.func.timezone(zones.name_of(now), noon), sa.Date)


def _begin_of(day: Any, now: datetime) -> Any:
    return sa.func.timezone(zones.name_of(now), sa.cast(day, sa.DateTime), type_=FACT.c.due_at.type)


async def _switch(session: AsyncSession, row: DefinitionRow, now: datetime) -> None:
    """The version is in force from now on; what that makes of everybody's tags is written down by and by."""
    await definitions.hold(session)
    before = next(
        (one for one in await definitions.versions(session, row.code) if one.state == State.ACTIVE), None
    )
    if before is not None:
        before.state, before.ended_at, before.cursor = State.SUPERSEDED, now, None
        row.replaces = before.number
        await session.flush()
    row.state, row.switched_at, row.cursor = State.ACTIVE, now, None
    row.history_from = await values.last_number(session)
    outbox.add(session, events.switched(row, before), now=now)


async def sweep(session: AsyncSession, *, now: datetime, limit: int = CHUNK) -> bool:
    """Take away what a version that is no more left behind with the next persons; whether there may be more."""
    row = await definitions.unswept(session)
    if row is None:
        return False
    number, last = str(row.number), await facts.stretch(session, row.cursor or _EMPTY, limit)
    place = VALUES.c.person_id > (row.cursor or _EMPTY)
    if last is not None:
        place &= VALUES.c.person_id <= last
    having = sa.and_(place, VALUES.c.group == row.group, VALUES.c.held.has_key(number))
    left = VALUES.c.held.op("-")(sa.literal(number, sa.Text))
    await session.execute(sa.update(VALUES).where(having).values(held=left))
    row.cursor, row.swept_at = last, None if last else now
    return True
