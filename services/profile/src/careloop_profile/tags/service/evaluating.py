"""Looking at persons: what is known of them now, which tags that makes others, and when to look again.

A person is locked while it is looked at, so whoever comes second sees what the first one stored. Only the tags that
depend on what changed are asked, all of them in one generated function per input.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Flag, auto
from itertools import chain
from typing import Any, Final, Protocol
from uuid import UUID

from careloop_common import outbox, timers
from careloop_common.timers import NewTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.tags import events, metrics
from careloop_profile.tags.policy.known import Known
from careloop_profile.tags.policy.registry import Registry, Verdicts
from careloop_profile.tags.policy.telling import telling
from careloop_profile.tags.queries import definitions, facts, values
from careloop_profile.tags.queries.buckets import Fresh
from careloop_profile.tags.queries.facts import Stored
from careloop_profile.tags.queries.values import Change
from careloop_profile.tags.service import gathering, holding, recording, registry, shipping
from careloop_profile.tags.service.gathering import Gatherer, Look, grow

TIMER: Final = "tags"
STEP: Final = "look"
TIME: Final = "time"
"""The cause that is no other than that time has passed."""
FIRST_LOOK: Final = "first_look"
"""That of looking at those who were there before there were tags. Nobody is told, for all would have to be."""
_MOST_NAMED: Final = 5
_BREATH: Final = 8
"""Persons after whom others have a turn: rules are asked by whoever stores what happens, too."""


class Parts(Flag):
    """What may be other than it was: what sources say, or what the person did."""

    NONE = 0
    SAID = auto()
    DONE = auto()
    BOTH = SAID | DONE


class Derive(Protocol):
    """What follows from all that is known before any tag is asked; it may add facts, and moments to look again. `now` is
    as the operator's clocks tell it."""

    async def __call__(self, session: AsyncSession, looks: Sequence[Look], *, now: datetime) -> None: ...


class Evaluator:
    """Looks at persons. `derive` is what other slices make of what is known of them."""

    def __init__(self, gatherer: Gatherer, *, derive: Sequence[Derive] = ()) -> None:
        self._gatherer, self._derive = gatherer, derive

    async def reserve(self, session: AsyncSession, customer_ids: Collection[UUID]) -> None:
        """Lock the persons that these customers are: of who looks at them part by part, in whatever order the customers
        are, nobody waits for the other."""
        await presence.enter(session)
        people, _ = await gathering.persons_of(session, customer_ids)
        await facts.reserve(session, people)

    async def look(
        self,
        session: AsyncSession,
        customer_ids: Collection[UUID],
        parts: Parts,
        cause: Mapping[str, Any],
        *,
        counted: dict[UUID, Fresh] | None = None,
        now: datetime,
    ) -> int:
        """Look at the persons that these customers are; returns how many tags became others. `counted` is what was counted
        in this transaction; what is known of somebody has it then, and it is taken out."""
        await presence.enter(session)
        if not await definitions.any_live(session):
            await shipping.begin(session, now=now)
        counted = {} if counted is None else counted
        people, kin, stored = await holding.hold(session, customer_ids)
        await holding.forget(session, set(customer_ids) - people.keys(), cause, now)
        looks = [
            Look(
                person,
                members,
                stored[person],
                _copy(stored[person].known),
                counted=not counted.keys().isdisjoint(members),
            )
            for person, members in people.items()
        ]
        await definitions.looking(session)
        known = await registry.current(session)
        await recording.settle(session, known, people)
        await self._gather(session, looks, kin, parts, counted, now)
        for member in chain.from_iterable(people.values()):
            counted.pop(member, None)
        here = self._gatherer.here(now)
        gathering.months(looks, here)
        for derive in self._derive:
            await derive(session, looks, now=here)
        changes = await _judge(session, known, looks, cause, now, here)
        if cause["kind"] != FIRST_LOOK:
            for event in events.changed([one[:5] for one in changes], cause["kind"], now):
                outbox.add(session, event, now=now)
        return len(changes)

    async def _gather(
        self,
        session: AsyncSession,
        looks: Sequence[Look],
        kin: Mapping[UUID, Any],
        parts: Parts,
        counted: Mapping[UUID, Fresh],
        now: datetime,
    ) -> None:
        said = [look for look in looks if look.first or Parts.SAID in parts]
        if said:
            await self._gatherer.said(session, said, kin, now)
        done = [look for look in looks if look.joined or Parts.DONE in parts]
        done = [look for look in done if not grow(look, kin, counted, now)]
        if done:
            await gathering.done(session, done, now)
        await gathering.given(session, looks, now)


async def _judge(
    session: AsyncSession,
    known: Registry,
    looks: Sequence[Look],
    cause: Mapping[str, Any],
    now: datetime,
    here: datetime,
) -> list[Change]:
    """Ask the rules, which count days by the operator's clocks (`here`), and keep what came out."""
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
            aloud=look.first or cause["kind"] != FIRST_LOOK,
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
    """Steps that were not told yet were brought about by what they count, whatever changed just now."""
    owed = {number: known.counted[number] for number in known.counted.keys() & verdicts.keys()}
    owed = owed if look.before.tell_at else {}
    now, before = _because(cause, changed or ()), _because(cause, set(owed.values()))
    active = ((known.definitions[number], value) for number, value in sorted(verdicts.items()))
    return [
        Change(
            *(look.person_id, one.code, one.version, held.get(one.number), value),
            before if one.number in owed else now,
        )
        for one, value in active
        if one.active
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


def _copy(known: Known) -> Known:
    return replace(known, plain=dict(known.plain))
