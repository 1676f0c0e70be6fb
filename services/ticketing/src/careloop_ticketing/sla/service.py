"""Clocks of subjects. Callers hold the lock on the subject, so that nobody else turns its clocks meanwhile.

Load the watches of a subject, let `policy.watch` decide, and `save` what changed: clocks, intervals and timers.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import timers
from careloop_common.timers import NewTimer
from careloop_common.tokens import Actor
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import documents
from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import CalendarNotFound, InvalidCalendar
from careloop_ticketing.classification import service as classification
from careloop_ticketing.facts import Facts, with_products
from careloop_ticketing.sla import queries, store
from careloop_ticketing.sla.errors import InvalidPolicy, PolicyInForce
from careloop_ticketing.sla.models import PolicyRow
from careloop_ticketing.sla.policy import sound, terms, watch
from careloop_ticketing.sla.policy.clock import Because, Hours
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.sla.policy.reach import FarHours, out_of_reach
from careloop_ticketing.sla.policy.terms import Moment, Policy
from careloop_ticketing.sla.policy.watches import Calendar, Calendars, Watch, Watches

TIMER: Final = "sla"
NEWEST: Final = documents.newest(PolicyRow)
"""The version of the active policy, also for whoever asks for more than that at once."""

__all__ = ["NEWEST", "TIMER", "Moment", "Watch", "Watches"]


async def active(session: AsyncSession) -> Policy:
    return await documents.active(session, PolicyRow, terms.read)


async def policy_of(session: AsyncSession, version: int) -> Policy:
    return await documents.known(session, PolicyRow, version, terms.read)


async def applied(session: AsyncSession) -> Policy | None:
    """The newest policy that running clocks were told to follow, if there is one."""
    version = await queries.applied(session)
    return None if version is None else await policy_of(session, version)


async def apply(session: AsyncSession, version: int, *, now: datetime) -> None:
    """Note that running clocks are told to follow this policy: those that stand still do when they run again.

    Of two at once the second goes on when the first is through.
    """
    (await documents.find(session, PolicyRow, version)).applied_at = now
    await session.flush()


async def policies(session: AsyncSession, versions: Collection[int]) -> dict[int, Policy]:
    return {version: await policy_of(session, version) for version in versions}


async def publish(
    session: AsyncSession,
    document: Mapping[str, Any],
    *,
    expected: int | None = None,
    actor: Actor,
    now: datetime,
) -> PolicyRow:
    """Make `document` the active policy; what runs already keeps the version that it started with."""
    await checked(session, document)
    return await documents.publish(session, PolicyRow, document, expected=expected, actor=actor, now=now)


async def checked(session: AsyncSession, document: Mapping[str, Any]) -> Policy:
    """The policy that a document describes, as version 0; `InvalidPolicy` if it could not be put in force."""
    proposed = terms.read(0, document)
    catalogue = with_products((await classification.active(session)).products)
    # Of many conditions it takes seconds, in which others are answered.
    await asyncio.to_thread(sound.check, document, catalogue)
    await check_policy(session, proposed)
    return proposed


async def restore(session: AsyncSession, version: int, *, actor: Actor, now: datetime) -> PolicyRow:
    """Make the document of an older version the active policy, as a new version."""
    row = await documents.find(session, PolicyRow, version)
    if (await active(session)).version == version:
        raise PolicyInForce(f"Version {version} is the active one.")
    return await publish(session, row.document, actor=actor, now=now)


async def check_policy(session: AsyncSession, policy: Policy) -> None:
    """`InvalidPolicy` if the calendars, as they are until the commit, would not hold what the policy promises."""
    for clock in policy.clocks.values():
        if clock.calendar is not None:
            await _check_hours(session, policy, clock, clock.calendar)


async def _check_hours(session: AsyncSession, proposed: Policy, clock: terms.Definition, code: str) -> None:
    try:
        active = await calendars.version_of(
            session, code, await calendars.current(session, code, to_stay=True)
        )
    except CalendarNotFound as error:
        raise InvalidPolicy(error.detail, pointer=f"/clocks/{clock.name}/calendar") from error
    # A copy: that far ahead nobody else looks.
    if at := out_of_reach(proposed, clock, active.to_compiled()):
        raise InvalidPolicy(f"Calendar {code!r} has not so much working time within its horizon.", pointer=at)


async def check_calendar(session: AsyncSession, code: str, hours: FarHours) -> None:
    """`InvalidCalendar` if the calendar would not hold, with these hours, what a policy promises that may still be asked to.

    That is the active one, and each under which clocks run: they keep it, but count by the newest version of a calendar.
    """
    newest = (await active(session)).version
    known = await policies(session, sorted({newest, *await queries.running_versions(session)}, reverse=True))
    for version, policy in known.items():
        for clock in policy.clocks.values():
            if clock.calendar == code and (at := out_of_reach(policy, clock, hours)):
                which = "which is active" if version == newest else "under which clocks still run"
                raise InvalidCalendar(
                    f"Clock {clock.name!r} of SLA policy {version}, {which}, counts by this calendar, which has not so"
                    f" much working time within its horizon: {at}.",
                    pointer="/hours",
                    clock=clock.name,
                    policy_version=version,
                )


async def of(session: AsyncSession, subject_id: UUID) -> Watches:
    """The clocks of one subject."""
    return (await of_all(session, [subject_id]))[subject_id]


async def of_all(session: AsyncSession, subject_ids: Collection[UUID]) -> Mapping[UUID, Watches]:
    found: dict[UUID, list[Watch]] = {subject_id: [] for subject_id in subject_ids}
    for one in await _watches(session, await store.rows(session, subject_ids)):
        found[one.subject_id].append(one)
    return {subject_id: Watches(subject_id, theirs) for subject_id, theirs in found.items()}


async def every(session: AsyncSession, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Watch]]:
    """Every clock that these subjects ever had: of a repeating one each instance, the first first."""
    found: dict[UUID, list[Watch]] = {subject_id: [] for subject_id in subject_ids}
    for one in await _watches(session, await store.every_row(session, subject_ids)):
        found[one.subject_id].append(one)
    return found


async def some(session: AsyncSession, wanted: Sequence[tuple[UUID, str]]) -> list[Watch]:
    """Clocks by subject and key."""
    if not wanted:
        return []
    subjects, keys = [subject_id for subject_id, _ in wanted], [key for _, key in wanted]
    return await _watches(session, await store.rows(session, subjects, keys))


async def due(session: AsyncSession, asked: Sequence[tuple[UUID, str]], now: datetime) -> list[Watch]:
    """The clocks that are asked for by subject and key, and whatever other clock of the same subjects is due."""
    subjects, keys = [subject_id for subject_id, _ in asked], [key for _, key in asked]
    return await _watches(session, await store.due_rows(session, subjects, keys, now))


async def _watches(session: AsyncSession, rows: Sequence[store.Stored]) -> list[Watch]:
    known = await policies(session, {row.policy_version for row in rows})
    codes: set[Calendar] = {(row.calendar, row.calendar_version) for row in rows if row.calendar}
    hours: dict[Calendar, Hours] = {code: await calendars.of(session, *code) for code in codes}
    return await store.watches(session, rows, known, hours)


async def was_late(session: AsyncSession, subject_id: UUID, *, now: datetime) -> bool:
    """Whether any clock that the subject ever had counts against somebody."""
    return bool(await session.scalar(select(queries.any_broken(subject_id, now))))


async def observe(
    session: AsyncSession,
    watches: Watches,
    policy: Policy,
    *moments: Moment,
    facts: Facts,
    actor: Actor,
    now: datetime,
    over: Collection[str] = (),
) -> None:
    """Let what happened stop and start clocks, but for those that are `over` without ever having begun."""
    by = Because(actor.id)
    counted = await active_calendars(session, policy.calendars_from(moments))
    for moment in moments:
        watch.observe(watches, policy, moment, facts=facts, calendars=counted, because=by, now=now, over=over)


async def active_calendars(session: AsyncSession, codes: Collection[str] | None = None) -> Calendars:
    """The active version of these calendars, or of all, ready to count."""
    if codes is not None and not codes:
        return {}
    wanted = {
        code: version
        for code, version in (await calendars.active(session)).items()
        if codes is None or code in codes
    }
    return {code: (version, await calendars.of(session, code, version)) for code, version in wanted.items()}


async def new_terms(session: AsyncSession, policy: Policy | None) -> NewTerms:
    """The active version of every calendar and, unless the clocks are to keep theirs, a policy."""
    return NewTerms(await active_calendars(session), policy)


async def terms_with(session: AsyncSession, code: str, proposed: Hours) -> NewTerms:
    """The active version of every calendar but one, in whose place is another."""
    terms = await new_terms(session, None)
    return NewTerms({**terms.calendars, code: (0, proposed)})


async def save(session: AsyncSession, *subjects: Watches) -> None:
    """Store what changed, and move the timers to where the next steps are now."""
    changed = [one for watches in subjects for one in watches.changed]
    gone = [one for watches in subjects for one in watches.gone]
    await timers.cancel_all(session, TIMER, [(one.subject_id, one.key) for one in gone])
    await store.forget(session, gone)
    await store.save(session, changed)
    await arm(session, changed)
    for watches in subjects:
        watches.stored()


async def rearm(session: AsyncSession, watches: Sequence[Watch]) -> None:
    """Give clocks timers of a new generation; any that they had are stale then."""
    renewed = [one.rearmed() for one in watches]
    # One of a generation to come would stand in the way.
    await timers.cancel_all(session, TIMER, [(one.subject_id, one.key) for one in renewed])
    await store.save(session, renewed)
    await arm(session, renewed)


async def arm(session: AsyncSession, changed: Iterable[Watch]) -> None:
    """Set the one timer of each clock to its next step: steps of one clock cannot overtake each other."""
    upcoming, done = [], []
    for one in changed:
        if one.generation == one.armed:
            continue
        if step := one.upcoming:
            new = NewTimer(TIMER, one.subject_id, one.key, due_at=step.due_at, generation=one.generation)
            upcoming.append(new)
        else:
            done.append((one.subject_id, one.key))
    await timers.arm_all(session, upcoming)
    await timers.cancel_all(session, TIMER, done)
