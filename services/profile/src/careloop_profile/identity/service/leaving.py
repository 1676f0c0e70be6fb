"""Persons of whom some customers are gone for good."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from careloop_common import outbox
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.identity import events, policy, queries
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service.changing import become, change
from careloop_profile.identity.service.holding import hold


async def leave(session: AsyncSession, gone: Collection[UUID], *, now: datetime, actor: Actor) -> None:
    """Who is one person with these customers is one without them, as far as evidence among them holds.

    Where a person is only these there is nobody to part from them.
    """
    held = await hold(session, sorted(gone))
    for customer_id in sorted(gone):
        before = held.person_of(customer_id)
        stay = [one for one in before if one not in gone]
        if not stay:
            continue
        parts = policy.parts(stay, await queries.clues(session, stay))
        alone = [frozenset([one]) for one in before if one in gone]
        after = sorted(map(held.ordered, [*parts, *alone]), key=lambda part: held.known(part[0]))
        row = change("unmerge", Method.MANUAL, "", [before], after, now, actor)
        await become(session, held, row, now, gone=gone)
        outbox.add(session, events.unmerged(row, before[0], after, now), now=now)
