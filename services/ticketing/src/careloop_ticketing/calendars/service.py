"""Publishing calendars, and looking them up for whoever counts working time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from careloop_common.database import lasting
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.calendars import icalendars, queries
from careloop_ticketing.calendars.errors import (
    CalendarNotFound,
    InvalidCalendar,
    InvalidICalendar,
    OutsideHorizon,
)
from careloop_ticketing.calendars.icalendars import Day, Kind, Report
from careloop_ticketing.calendars.models import CalendarVersionRow, stored
from careloop_ticketing.calendars.policy import document as documents
from careloop_ticketing.calendars.policy.compiled import REACH, Compiled, renewed_in
from careloop_ticketing.calendars.policy.document import NO_SOURCE, Holidays
from careloop_ticketing.calendars.recurrence import LONGEST
from careloop_ticketing.calendars.sources import holidays_of

__all__ = ["CalendarVersionRow"]

_ACTIVE: Final = "active_calendars"


@dataclass(frozen=True, slots=True)
class Due:
    due_at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Move:
    """When something is due under the active version and under a proposed one."""

    start: datetime
    seconds: float
    active: Due | None
    proposed: Due | None

    @property
    def moved_seconds(self) -> float | None:
        if self.active is None or self.proposed is None:
            return None
        return (self.proposed.due_at - self.active.due_at).total_seconds()


async def of(session: AsyncSession, code: str, version: int) -> Compiled:
    """A version, compiled. Versions never change, so a process compiles each once; ask for committed ones only."""
    known = lasting(session)
    key = (CalendarVersionRow, code, version)
    if key not in known:
        known[key] = (await version_of(session, code, version)).to_compiled()
    found: Compiled = known[key]
    return found


async def current(session: AsyncSession, code: str, *, to_stay: bool = False) -> int:
    """The number of the active version, which is to stay the active one until the end of the transaction or not."""
    version = await queries.current_version(session, code, lock="share" if to_stay else None)
    if version is None:
        raise CalendarNotFound(f"There is no calendar {code!r}.")
    return version


async def _locked(session: AsyncSession, code: str) -> CalendarVersionRow:
    """The active version, which stays the active one until the end of the transaction."""
    version = await queries.current_version(session, code, lock="alone")
    if version is None:
        raise CalendarNotFound(f"There is no calendar {code!r}.")
    return await version_of(session, code, version)


async def active(session: AsyncSession) -> dict[str, int]:
    """The number of the active version of every calendar. Who asks again within a transaction is told the same."""
    if _ACTIVE not in session.info:
        session.info[_ACTIVE] = await queries.active_versions(session)
    found: dict[str, int] = session.info[_ACTIVE]
    return found


async def version_of(session: AsyncSession, code: str, version: int) -> CalendarVersionRow:
    row = await session.get(CalendarVersionRow, (code, version))
    if row is None:
        raise CalendarNotFound(f"There is no version {version} of a calendar {code!r}.")
    return row


async def publish(
    session: AsyncSession,
    code: str,
    document: Mapping[str, Any],
    *,
    expected: int | None = None,
    actor: Actor,
    now: datetime,
) -> CalendarVersionRow:
    """Make `document` the active version of a calendar, after the one that is expected to be it.

    What its holiday source says today becomes part of it.
    """
    holidays = await _holidays(document, now.year)
    documents.read(document, holidays)
    if expected is not None:
        check_version(expected, await queries.current_version(session, code, lock="alone") or 0)
    row = CalendarVersionRow(
        code=code,
        version=await queries.next_version(session, code),
        name=document["name"],
        document=dict(document),
        holidays=stored(holidays),
        valid_through=holidays.valid_through,
        created_at=now,
        created_by=actor.id,
    )
    session.add(row)
    await session.flush()
    session.info.pop(_ACTIVE, None)
    return row


async def renew(
    session: AsyncSession, code: str, *, actor: Actor, now: datetime
) -> CalendarVersionRow | None:
    """Publish the active document again if its source of holidays says otherwise by now, or its horizon is near."""
    active = await _locked(session, code)
    holidays = await _holidays(active.document, now.year)
    same = holidays.valid_through == active.valid_through and stored(holidays) == active.holidays
    if same and now.year < renewed_in(active.created_at.year):
        return None
    return await publish(session, code, active.document, actor=actor, now=now)


async def preview(
    session: AsyncSession,
    code: str,
    document: Mapping[str, Any],
    cases: Sequence[tuple[datetime, int]],
    *,
    now: datetime,
) -> tuple[int | None, Compiled, Sequence[Move]]:
    """The active version, the proposed one compiled, and what the latter would change."""
    holidays = await _holidays(document, now.year)
    proposed = Compiled(documents.read(document, holidays), now.year)
    version = await queries.current_version(session, code)
    active = None if version is None else await of(session, code, version)
    moves = [
        Move(start, seconds, _due(active, start, seconds), _due(proposed, start, seconds))
        for start, seconds in cases
    ]
    return version, proposed, moves


async def _holidays(document: Mapping[str, Any], year: int) -> Holidays:
    """A fifth of a second of looking things up, in which others are answered."""
    found = await asyncio.to_thread(holidays_of, document.get("holidays", NO_SOURCE), year)
    if (stated := document.get("official_through")) is None:
        return found
    through = date.fromisoformat(stated)
    if through.year > year + REACH:
        raise InvalidCalendar(f"Nothing is official beyond {year + REACH} yet.", pointer="/official_through")
    return found.vouched(through)


def _due(calendar: Compiled | None, start: datetime, seconds: int) -> Due | None:
    if calendar is None:
        return None
    try:
        due_at = calendar.add(start, timedelta(seconds=seconds))
    except OutsideHorizon:
        return None
    return Due(due_at, calendar.provisional(due_at))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a calendar would be with the days of an iCalendar file."""

    document: Mapping[str, Any]
    compiled: Compiled
    report: Report
    changed: int
    """Days on which other hours are worked than before."""


async def propose(
    session: AsyncSession,
    code: str,
    body: bytes,
    kind: Kind,
    *,
    official_through: date | None = None,
    now: datetime,
) -> Proposal:
    """The active version with the days of an iCalendar file as exceptions, which replace those of that day.

    If the file is the official notice until a day, nothing is guessed any more until then.
    """
    await current(session, code)
    # A large file takes a second to read: others are answered meanwhile.
    report = await asyncio.to_thread(icalendars.read, body, kind, now.year)
    if not report.taken:
        raise InvalidICalendar(
            f"No day of the file could be taken; {len(report.skipped)} event(s) were left out."
        )
    active = await _locked(session, code)
    kept = {exception["date"]: exception for exception in active.document.get("exceptions", ())}
    kept |= {day.isoformat(): _exception(taken) for day, taken in report.taken.items()}
    document = active.document | {"exceptions": [kept[day] for day in sorted(kept)]}
    if official_through is not None:
        document["official_through"] = official_through.isoformat()
    holidays = await _holidays(document, now.year)
    before, after = active.to_compiled().calendar, documents.read(document, holidays)
    _refuse_closed(before, after, report)
    concerned = report.taken.keys() | before.holidays.off | before.holidays.make_up
    changed = sum(before.hours_of(day) != after.hours_of(day) for day in concerned)
    return Proposal(document, Compiled(after, now.year), report, changed)


def _refuse_closed(before: documents.Calendar, after: documents.Calendar, report: Report) -> None:
    """`InvalidICalendar` if the file leaves nothing to work on for longer than any holiday, where there was something."""
    first, last = min(report.taken) - LONGEST, max(report.taken) + LONGEST
    closed, since = after.closed_for(first, last)
    if closed > LONGEST and closed > before.closed_for(first, last)[0]:
        raise InvalidICalendar(
            f"From {since} on, nobody would work for {closed.days} days; the longest holiday is of {LONGEST.days}."
        )


def _exception(day: Day) -> dict[str, str]:
    return {"date": day.date.isoformat(), "kind": day.kind, "name": day.name}
