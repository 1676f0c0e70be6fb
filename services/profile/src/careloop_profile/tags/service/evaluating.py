"""Looking at persons: what is known of them now, which tags that makes others, and when to look again.

A person is locked while it is looked at, so whoever comes second sees what the first one stored.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from enum import Flag, auto
from itertools import chain
from typing import Any, Final, Protocol
from uuid import UUID

from careloop_common import outbox
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.tags import events, metrics
from careloop_profile.tags.policy.known import Known
from careloop_profile.tags.queries import definitions, facts
from careloop_profile.tags.queries.buckets import Fresh
from careloop_profile.tags.service import gathering, holding, judging, recording, registry, shipping
from careloop_profile.tags.service.gathering import Gatherer, Look, grow

FIRST_LOOK: Final = "first_look"
"""The cause of looking at those who were there before there were tags. Nobody is told, for all would have to be."""
TOGETHER: Final = 250
"""Persons that are looked at together; others wait for so long."""


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

    async def look_at_all(
        self,
        session: AsyncSession,
        ids: AbstractSet[UUID],
        parts: Parts,
        kind: str,
        *,
        counted: dict[UUID, Fresh] | None = None,
        now: datetime,
    ) -> None:
        """Look at however many they are, some after the others."""
        ordered = sorted(ids)
        changed = 0
        if len(ordered) > TOGETHER:
            await self.reserve(session, ordered)
        for first in range(0, len(ordered), TOGETHER):
            some = ordered[first : first + TOGETHER]
            changed += await self.look(session, some, parts, {"kind": kind}, counted=counted, now=now)
        metrics.LOOKED.labels(kind).inc(len(ids))
        metrics.CHANGED.labels(kind).inc(changed)

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
        changes = await judging.judge(
            session, known, looks, cause, now, here, aloud=cause["kind"] != FIRST_LOOK
        )
        if cause["kind"] != FIRST_LOOK:
            for event, payload in events.changed(changes, cause["kind"], now):
                outbox.add(session, event, now=now, payload=payload)
        return sum(len(one.steps) for one in changes)

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


def _copy(known: Known) -> Known:
    return replace(known, plain=dict(known.plain))
