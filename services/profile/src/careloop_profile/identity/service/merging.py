"""Making customers one person, and taking it back.

The customers themselves are never touched: what changes is the evidence, and by it who is one person. So taking the
evidence back restores what was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids, outbox
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.identity import events, policy, queries
from careloop_profile.identity.errors import (
    AlreadyOnePerson,
    HeldTogether,
    MergeNotFound,
    MergeUndone,
    NotMergeable,
    OnePersonAlone,
)
from careloop_profile.identity.models import MergeRow
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service.candidates import Candidates
from careloop_profile.identity.service.changing import become, change
from careloop_profile.identity.service.holding import Held, hold


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why two customers are taken for one person."""

    method: Method
    rule: str
    reason: str
    probability: float | None = None
    detail: Mapping[str, Any] | None = None


async def merge(
    session: AsyncSession,
    candidates: Candidates,
    one: UUID,
    other: UUID,
    grounds: Grounds,
    *,
    now: datetime,
    actor: Actor,
) -> MergeRow | None:
    """Take two customers, with all that are one person with them, for one person; None if they are already.

    The grounds are written down in either case.
    """
    return await join(
        session, candidates, await hold(session, [one, other]), one, other, grounds, now=now, actor=actor
    )


async def join(
    session: AsyncSession,
    candidates: Candidates,
    held: Held,
    one: UUID,
    other: UUID,
    grounds: Grounds,
    *,
    now: datetime,
    actor: Actor,
) -> MergeRow | None:
    """As `merge`, two of those who are held."""
    ours, theirs = held.person_of(one), held.person_of(other)
    if other in ours:
        if one != other:
            await queries.add_evidence(session, [_evidence(one, other, grounds, None, now, actor)])
        return None
    if grounds.method is Method.MANUAL:
        await queries.withdraw(session, ours, theirs, state="apart", withdrawn_at=now, withdrawn_by=actor.id)
    apart = await queries.kept_apart(session, ours, theirs)
    sides = ([candidates.of(held.customers[key]) for key in side] for side in (ours, theirs))
    refusal = policy.objection(*sides, apart=apart)
    if refusal:
        raise NotMergeable(f"They cannot be one person: {refusal}.", refusal=refusal.value)
    row = change(
        "merge", grounds.method, grounds.reason, [ours, theirs], [held.ordered(ours + theirs)], now, actor
    )
    await queries.add_evidence(session, [_evidence(one, other, grounds, row.id, now, actor)])
    await become(session, held, row, now)
    outbox.add(session, events.merged(row, held.ordered(ours + theirs), [ours, theirs]), now=now)
    return row


async def undo(
    session: AsyncSession, merge_id: UUID, reason: str, *, now: datetime, actor: Actor
) -> MergeRow:
    """Take a merge back: what held its two sides together holds no more, and no rule will join them again."""
    merged = await session.get(MergeRow, merge_id)
    if merged is None or merged.operation != "merge":
        raise MergeNotFound(f"There is no merge {merge_id}.")
    held = await hold(session, merged.customers)
    if await queries.undone_by(session, [merge_id]):
        raise MergeUndone(f"Merge {merge_id} was taken back before.")
    ours, theirs = ([UUID(key) for key in side] for side in merged.before)
    return await _part(session, held, ours, theirs, reason, now=now, actor=actor, undoes=merge_id)


async def split(
    session: AsyncSession, customer_id: UUID, reason: str, *, now: datetime, actor: Actor
) -> MergeRow:
    """Take one customer out of a person that it does not belong to."""
    held = await hold(session, [customer_id])
    others = [one for one in held.person_of(customer_id) if one != customer_id]
    if not others:
        raise OnePersonAlone(f"Customer {customer_id} is a person alone.")
    return await _part(session, held, [customer_id], others, reason, now=now, actor=actor)


async def cut(
    session: AsyncSession,
    one: UUID,
    other: UUID,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
    method: Method = Method.MANUAL,
) -> MergeRow:
    """Take a person apart where nothing but the evidence of these two holds its customers together. A method takes back
    what it said itself, people whatever was said."""
    held = await _together(session, one, other)
    said = {row.method for row in await queries.held_by(session, [one, other])}
    if method is not Method.MANUAL and said != {method.value}:
        raise HeldTogether("Not only a model says that they are one person.")
    members = set(held.person_of(one))
    clues = [clue for clue in await queries.clues(session, members) if {*clue} != {one, other}]
    ours = next(part for part in policy.parts(members, clues) if one in part)
    if other in ours:
        raise HeldTogether("Other evidence says that they are one person.")
    theirs = members - ours
    return await _part(session, held, ours, theirs, reason, now=now, actor=actor, method=method)


async def confirm(
    session: AsyncSession, one: UUID, other: UUID, grounds: Grounds, *, now: datetime, actor: Actor
) -> None:
    """Write down why two customers of one person are one."""
    await _together(session, one, other)
    await queries.add_evidence(session, [_evidence(one, other, grounds, None, now, actor)])


async def _together(session: AsyncSession, one: UUID, other: UUID) -> Held:
    held = await hold(session, [one, other])
    if other not in held.person_of(one):
        raise MergeUndone("They are not one person any more.")
    return held


async def _part(
    session: AsyncSession,
    held: Held,
    ours: Collection[UUID],
    theirs: Collection[UUID],
    reason: str,
    *,
    now: datetime,
    actor: Actor,
    undoes: UUID | None = None,
    method: Method = Method.MANUAL,
) -> MergeRow:
    pairs = await queries.withdraw(
        session, ours, theirs, state="holds", withdrawn_at=now, withdrawn_by=actor.id
    )
    persons = {held.kin[key].person_id for pair in pairs for key in pair if key in held.kin}
    if len(persons) != 1:
        raise MergeUndone("They are not one person any more.")
    (person_id,) = persons
    before = held.person_of(person_id)
    clues = await queries.clues(session, before)
    after = sorted(
        (held.ordered(part) for part in policy.parts(before, clues)), key=lambda part: held.known(part[0])
    )
    if any(set(part) & set(ours) and set(part) & set(theirs) for part in after):
        raise HeldTogether("Customers that came to them later hold them together.")
    row = change("unmerge", method, reason, [before], after, now, actor, undoes)
    stamp = Grounds(method, "kept_apart", reason)
    await queries.add_evidence(
        session, [_evidence(*pair, stamp, None, now, actor) | {"state": "apart"} for pair in pairs]
    )
    await become(session, held, row, now)
    outbox.add(session, events.unmerged(row, person_id, after, now), now=now)
    return row


async def keep_apart(
    session: AsyncSession, one: UUID, other: UUID, reason: str, *, now: datetime, actor: Actor
) -> None:
    """Write down that two customers are two persons; no rule will join them, people still may."""
    held = await hold(session, [one, other])
    if other in held.person_of(one):
        raise AlreadyOnePerson(f"{one} and {other} are one person; split them first.")
    grounds = Grounds(Method.MANUAL, "kept_apart", reason)
    apart = _evidence(one, other, grounds, None, now, actor) | {"state": "apart"}
    await queries.add_evidence(session, [apart])


def _evidence(
    one: UUID, other: UUID, grounds: Grounds, merge_id: UUID | None, now: datetime, actor: Actor
) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "one": min(one, other),
        "other": max(one, other),
        "method": grounds.method.value,
        "rule": grounds.rule,
        "probability": grounds.probability,
        "detail": dict(grounds.detail or {}),
        "state": "holds",
        "merge_id": merge_id,
        "at": now,
        "by": actor.id,
    }
