"""Asking the rules of persons of whom all is known, and keeping what came out: values, history, and when to look again.

Only the tags that depend on what changed are asked, all of them in one generated function per input.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from careloop_common import timers
from careloop_common.timers import NewTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags import metrics
from careloop_profile.tags.policy.registry import Registry, Verdicts
from careloop_profile.tags.policy.telling import telling
from careloop_profile.tags.queries import facts, values
from careloop_profile.tags.queries.facts import Stored
from careloop_profile.tags.queries.values import Change, Step
from careloop_profile.tags.service import gathering
from careloop_profile.tags.service.gathering import Look

TIMER: Final = "tags"
STEP: Final = "look"
TIME: Final = "time"
"""The cause that is no other than that time has passed."""
_MOST_NAMED: Final = 5
_BREATH: Final = 8
"""Persons after whom others have a turn: rules are asked by whoever stores what happens, too."""


async def judge(
    session: AsyncSession,
    known: Registry,
    looks: Sequence[Look],
    cause: Mapping[str, Any],
    now: datetime,
    here: datetime,
    *,
    aloud: bool,
) -> list[Change]:
    """Ask the rules, which count days by the operator's clocks (`here`), and keep what came out; `aloud` if others are told
    of it."""
    found = {look.person_id: None if look.first else look.known.changed(look.before.known) for look in looks}
    touched = {look.person_id: _touched(look, found[look.person_id], known) for look in looks}
    timed = {look.person_id for look in looks if look.before.due_at and look.before.due_at <= now}
    groups: set[int] = set()
    for person, changed in touched.items():
        groups |= known.groups(changed, timed=person in timed)
    held = await values.held(session, list(touched), groups) if groups else {}
    changes: list[Change] = []
    rows = []
    for place, look in enumerate(looks, 1):
        if place % _BREATH == 0:
            await asyncio.sleep(0)
        changed = touched[look.person_id]
        mine = held.get(look.person_id, {})
        flat = {number: value for group in mine.values() for number, value in group.items()}
        told = look.known.facts()
        with metrics.RULES.time():
            verdicts = known.evaluate(told, here, flat, changed=changed, timed=look.person_id in timed)
        before = look.before
        verdicts, look.tell_at = telling(
            verdicts,
            known.counted.keys(),
            counted_at=before.counted_at,
            tell_at=before.tell_at,
            now=now,
            aloud=look.first or aloud,
        )
        look.moments.append(known.calendar.next(told, here))
        rows += [(look.person_id, group, row) for group, row in _rows(known, mine, verdicts).items()]
        changes += _changes(known, look, found[look.person_id], flat, verdicts, cause)
    await values.write(session, rows)
    await values.remember(session, changes, now)
    await _keep(session, looks, touched, now, ringing=cause["kind"] == TIME)
    return changes


def _touched(look: Look, changed: set[str] | None, known: Registry) -> set[str] | None:
    """The inputs that are not as they were, and those of which that was not told yet; None is all of them."""
    return changed.union(known.counted.values()) if changed is not None and look.before.tell_at else changed


def _rows(known: Registry, mine: values.Held, verdicts: Verdicts) -> dict[int, dict[int, Any]]:
    """The rows that become others; what is left in them of versions that are no more goes."""
    rows: dict[int, dict[int, Any]] = {}
    for number, value in verdicts.items():
        group = known.definitions[number].group
        if group not in rows:
            rows[group] = {one: had for one, had in mine.get(group, {}).items() if one in known.kept}
        if value is None:
            rows[group].pop(number, None)
        else:
            rows[group][number] = value
    return rows


def _changes(
    known: Registry,
    look: Look,
    changed: set[str] | None,
    held: Mapping[int, Any],
    verdicts: Verdicts,
    cause: Mapping[str, Any],
) -> list[Change]:
    """In the order of the definitions. Steps that were not told yet were brought about by what they count, whatever changed
    just now."""
    owed = known.counted if look.before.tell_at else {}
    now = _because(cause, changed or ())
    before = _because(cause, {owed[number] for number in owed.keys() & verdicts.keys()})
    active = (one for number in sorted(verdicts) if (one := known.definitions[number]).active)
    return [
        Change(
            look.person_id,
            [Step(one.code, one.version, held.get(one.number), verdicts[one.number]) for one in some],
            before if late else now,
        )
        for late, some in groupby(active, lambda one: one.number in owed)
    ]


def _because(cause: Mapping[str, Any], changed: Collection[str]) -> dict[str, Any]:
    return {**cause, "changed": sorted(changed)[:_MOST_NAMED]}


async def _keep(
    session: AsyncSession, looks: Sequence[Look], touched: Mapping[UUID, Any], now: datetime, *, ringing: bool
) -> None:
    """Store what is known, and have those looked at again whom time alone can change."""
    rows: dict[UUID, Stored] = {}
    armed = []
    for look in looks:
        due, before = gathering.next_moment(look), look.before.due_at
        kept = _next_look(due, before, now, ringing=ringing)
        if kept is not None and (kept != before or ringing):
            armed.append(NewTimer(TIMER, look.person_id, STEP, kept))
        moved = kept != before or look.tell_at != look.before.tell_at
        if look.first or touched[look.person_id] or moved:
            counted_at = now if look.counted else look.before.counted_at
            rows[look.person_id] = Stored(look.known, now, counted_at, kept, look.tell_at)
    if rows:
        await facts.write(session, rows, touched)
    if armed:
        await timers.arm_all(session, armed)


def _next_look(
    due: datetime | None, armed: datetime | None, now: datetime, *, ringing: bool
) -> datetime | None:
    """For when the timer is to be. One that rings too early only looks again, so it is not put off; one that is due
    already is left to who fires it."""
    if ringing or armed is None:
        return due
    if armed <= now or due is None:
        return armed
    return min(due, armed)
