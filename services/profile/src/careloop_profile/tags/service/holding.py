"""Which persons are looked at, locked, and which are none any more."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import Kinship
from careloop_profile.tags.policy.registry import Definition, Registry
from careloop_profile.tags.queries import facts, values
from careloop_profile.tags.queries.facts import Stored
from careloop_profile.tags.queries.values import Change, Held, Step
from careloop_profile.tags.service import recording, registry
from careloop_profile.tags.service.gathering import persons_of


async def hold(
    session: AsyncSession, ids: Collection[UUID]
) -> tuple[dict[UUID, list[UUID]], dict[UUID, Kinship], dict[UUID, Stored]]:
    """The persons that these customers are, locked; asked again once they are, for somebody may have merged them or
    taken them apart before."""
    people, kin = await persons_of(session, ids)
    while True:
        stored = await facts.hold(session, people)
        before = kin
        people, kin = await persons_of(session, ids)
        if kin == before:
            return people, kin, stored


async def forget(session: AsyncSession, ids: set[UUID], cause: Mapping[str, Any], now: datetime) -> None:
    """Customers who are part of somebody else now are no persons any more; what they had goes with a line in the history."""
    if not ids or not (gone := await facts.existing(session, ids)):
        return
    known = await registry.current(session)
    await recording.settle(session, known, gone)
    held = await values.held(session, gone)
    cause = {**cause, "changed": ["person"]}
    changes = [
        Change(person, [Step(one.code, one.version, value, None) for one, value in had], cause)
        for person, groups in held.items()
        if (had := list(_active(known, groups)))
    ]
    await values.remember(session, changes, now)
    await facts.forget(session, gone)


def _active(known: Registry, groups: Held) -> Iterator[tuple[Definition, Any]]:
    """The tags in force among these values."""
    for held in groups.values():
        for number, value in held.items():
            if (one := known.definitions.get(number)) and one.active:
                yield one, value
