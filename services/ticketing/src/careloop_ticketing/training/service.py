"""Courses, and what came of them. What was earned by a course never touches what a supervisor gave by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from careloop_common.errors import ScopeMissing
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import registers
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.errors import AgentNotFound, AgentUnknown
from careloop_ticketing.staff.policy import Person
from careloop_ticketing.training import policy, queries
from careloop_ticketing.training.errors import CourseNotFound, InvalidResult, ResultCorrected
from careloop_ticketing.training.models import CourseRow, ResultRow
from careloop_ticketing.training.schemas import Course, RecordResult

SUPERVISE = "tickets:supervise"


async def put_course(
    session: AsyncSession, code: str, body: Course, *, expected: int | None, actor: Actor, now: datetime
) -> tuple[CourseRow, bool]:
    """Make a course known, or say anew all that is known of it; whether it was new."""
    return await registers.put(
        session, CourseRow, code, body.model_dump(), expected=expected, actor=actor, now=now
    )


async def get_course(session: AsyncSession, code: str) -> CourseRow:
    row = await session.get(CourseRow, code)
    if row is None:
        raise CourseNotFound(f"There is no course {code!r}.")
    return row


async def record(
    session: AsyncSession, body: RecordResult, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> ResultRow:
    """Somebody took a course. Whoever passes one that leads to a certificate has it from now on."""
    course = await session.get(CourseRow, body.course)
    if course is None:
        raise InvalidResult(f"There is no course {body.course!r}.", pointer="/course")
    try:
        await staff.get_agent(session, body.agent_id)
    except AgentNotFound as error:
        raise AgentUnknown(error.detail, pointer="/agent_id") from error
    if body.taken_on > now.astimezone(zone).date():
        raise InvalidResult("This day has not come yet.", pointer="/taken_on")
    if body.corrects is not None:
        await _set_aside(session, body.corrects)
    verdict = policy.judge(course.to_terms(), body.score, body.taken_on, zone)
    row = ResultRow(
        **body.model_dump(),
        passed=verdict.passed,
        valid_until=verdict.valid_until,
        recorded_at=now,
        recorded_by=actor.id,
    )
    session.add(row)
    await session.flush()
    if verdict.passed and course.skill is not None and course.certificate is not None:
        await staff.earn(
            session,
            body.agent_id,
            source=row.id,
            skill=course.skill,
            certificate=course.certificate,
            valid_until=verdict.valid_until,
        )
    return row


async def _set_aside(session: AsyncSession, result_id: UUID) -> None:
    """Nothing is earned any more by a result whose place another one takes."""
    if await queries.lock_result(session, result_id) is None:
        raise InvalidResult(f"There is no result {result_id}.", pointer="/corrects")
    if (correction := await queries.correction_of(session, result_id)) is not None:
        raise ResultCorrected(pointer="/corrects", corrected_by=str(correction))
    await staff.forfeit(session, result_id)


@dataclass(frozen=True, slots=True)
class Recorded:
    result: ResultRow
    corrected_by: UUID | None


async def results(
    session: AsyncSession,
    *,
    agent_id: str | None,
    course: str | None,
    before: UUID | None,
    limit: int,
    actor: Actor,
) -> list[Recorded]:
    """Results of everybody, or of one person; who is no supervisor sees their own."""
    if not actor.may(SUPERVISE):
        if agent_id not in {None, actor.id}:
            raise ScopeMissing(f"Results of somebody else need the scope {SUPERVISE}.", scope=SUPERVISE)
        agent_id = actor.id
    rows = await queries.results(session, agent_id=agent_id, course=course, before=before, limit=limit)
    return [Recorded(result, corrected_by) for result, corrected_by in rows]


@dataclass(frozen=True, slots=True)
class Renewal:
    person: Person
    course: CourseRow
    valid_until: datetime
    expired: bool


async def renewals(
    session: AsyncSession,
    *,
    team: str | None,
    within: timedelta,
    after: tuple[datetime, str, str] | None,
    limit: int,
    now: datetime,
) -> Sequence[Renewal]:
    """What runs out within this time, or has run out, the most urgent first."""
    if team is not None:
        await staff.get_team(session, team)
    rows = await queries.renewals(session, team=team, until=now + within, after=after, limit=limit)
    people = await staff.roster(session, now=now, ids={row.agent_id for row in rows})
    return [
        Renewal(people[row.agent_id], row.CourseRow, row.valid_until, expired=row.valid_until <= now)
        for row in rows
    ]
