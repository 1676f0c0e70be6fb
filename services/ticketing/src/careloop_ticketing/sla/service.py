"""Clocks of subjects. Callers hold the lock on the subject, so that nobody else turns its clocks meanwhile."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from careloop_common import timers
from careloop_common.database import lasting
from careloop_common.timers import NewTimer
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.ranks import Tier
from careloop_ticketing.sla import queries
from careloop_ticketing.sla.errors import PolicyNotFound
from careloop_ticketing.sla.models import ClockRow, PolicyRow
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder, terms
from careloop_ticketing.sla.policy.clock import Clock
from careloop_ticketing.sla.policy.ladder import Step
from careloop_ticketing.sla.policy.terms import Policy

TIMER: Final = "sla"

__all__ = ["TIMER", "ClockRow", "Clocks", "Retargeting"]

Clocks = Mapping[str, ClockRow]


async def active(session: AsyncSession) -> Policy:
    return await policy_of(session, await queries.newest_version(session))


async def policy_of(session: AsyncSession, version: int) -> Policy:
    return (await policies(session, {version}))[version]


async def policies(session: AsyncSession, versions: Collection[int]) -> dict[int, Policy]:
    """Policies by version. A version never changes, so a process reads it once."""
    known = lasting(session)
    if unknown := [version for version in versions if (PolicyRow, version) not in known]:
        for version, document in (await queries.documents(session, unknown)).items():
            known[PolicyRow, version] = terms.read(version, document)
    return {version: known[PolicyRow, version] for version in versions}


async def publish(
    session: AsyncSession, name: str, document: dict[str, Any], *, actor: Actor, now: datetime
) -> PolicyRow:
    """Make `document` the active policy; what runs already keeps the version that it started with."""
    terms.read(0, document)
    row = PolicyRow(name=name, document=document, created_at=now, created_by=actor.id)
    session.add(row)
    await session.flush()
    return row


async def version(session: AsyncSession, number: int) -> PolicyRow:
    row = await session.get(PolicyRow, number)
    if row is None:
        raise PolicyNotFound(f"There is no SLA policy version {number}.")
    return row


async def start(
    session: AsyncSession,
    subject_id: UUID,
    policy: Policy,
    names: Iterable[str],
    *,
    tier: Tier,
    vip: bool,
    now: datetime,
) -> Clocks:
    started = {}
    for name in names:
        clock = clocks.start(policy.target(name, tier, vip=vip), now)
        started[name] = ClockRow.started(
            clock, subject_id=subject_id, name=name, policy_version=policy.version, tier=tier, vip=vip
        )
    await arm(session, [(row, policy) for row in started.values()])
    session.add_all(started.values())
    return started


async def of(session: AsyncSession, subject_id: UUID) -> Clocks:
    """The clocks of one subject."""
    return (await of_all(session, [subject_id]))[subject_id]


async def of_all(session: AsyncSession, subject_ids: Collection[UUID]) -> Mapping[UUID, Clocks]:
    found: dict[UUID, dict[str, ClockRow]] = defaultdict(dict)
    for row in await queries.clocks(session, subject_ids):
        found[row.subject_id][row.name] = row
    return found


async def pause(session: AsyncSession, row: ClockRow, *, reason: str, actor: Actor, now: datetime) -> None:
    await _rearm(session, _turn(row, clocks.pause(row.to_clock(), now), actor, reason))


async def resume(session: AsyncSession, row: ClockRow, *, actor: Actor, now: datetime) -> None:
    await _rearm(session, _turn(row, clocks.resume(row.to_clock(), now), actor))


async def stop(session: AsyncSession, rows: Iterable[ClockRow], *, actor: Actor, now: datetime) -> None:
    """Stop clocks of one subject."""
    turned = (_turn(row, clocks.stop(row.to_clock(), now), actor) for row in rows)
    await _rearm(session, chain.from_iterable(turned))


async def reopen(session: AsyncSession, row: ClockRow, *, actor: Actor, now: datetime) -> None:
    await _rearm(session, _turn(row, clocks.reopen(row.to_clock(), now), actor))


def _turn(row: ClockRow, clock: Clock, actor: Actor, reason: str | None = None) -> list[ClockRow]:
    """Store what became of a clock; returns it if its next step has moved."""
    before = row.state
    row.show(clock, reason=reason, actor_id=actor.id)
    return [] if row.state is before else [row]


@dataclass(frozen=True, slots=True)
class Retargeting:
    """How a due time moved, with the arithmetic."""

    clock: str
    target_before: timedelta
    target_after: timedelta
    elapsed: timedelta
    due_before: datetime | None
    due_after: datetime | None


async def retarget(
    session: AsyncSession, row: ClockRow, *, tier: Tier, vip: bool, now: datetime
) -> Retargeting | None:
    """Give a clock the target of another tier or customer class; none if nothing moves or it has stopped."""
    if row.state is clocks.State.STOPPED:
        return None
    policy = await policy_of(session, row.policy_version)
    clock = row.to_clock()
    target = policy.target(row.name, tier, vip=vip)
    ladder_changes = vip != row.vip
    row.tier, row.vip = tier, vip
    if target == clock.target and not ladder_changes:
        return None
    due_before = row.due_at
    aimed = clocks.retarget(clock, target, now)
    row.show(aimed)
    if ladder_changes:
        row.steps_taken = ladder.taken_before_breach(policy.ladder(row.name, vip=vip), aimed)
    await _rearm(session, [row])
    elapsed = clocks.assess(clock, now).elapsed
    return Retargeting(row.name, clock.target, target, elapsed, due_before, row.due_at)


def next_step(row: ClockRow, policy: Policy) -> tuple[Step, datetime] | None:
    """The next step of the ladder along this clock, and when it is due."""
    return ladder.next_step(policy.ladder(row.name, vip=row.vip), row.steps_taken, row.to_clock())


def take(row: ClockRow, step: Step, due_at: datetime) -> None:
    """Note that a step was taken. The one at the target is the breach, which happened when it was due."""
    row.steps_taken += 1
    if step.is_breach:
        row.breached_at = row.breached_at or due_at


async def arm(session: AsyncSession, climbed: Iterable[tuple[ClockRow, Policy]]) -> None:
    """Set the one timer of each clock to its next step: steps of one clock cannot overtake each other."""
    upcoming = (_timer(row, policy) for row, policy in climbed)
    await timers.arm_all(session, [timer for timer in upcoming if timer])


async def _rearm(session: AsyncSession, rows: Iterable[ClockRow]) -> None:
    """Move the timers of clocks of one subject to where their next steps are now, or remove them."""
    done = []
    upcoming = []
    for row in rows:
        if timer := _timer(row, await policy_of(session, row.policy_version)):
            upcoming.append(timer)
        else:
            done.append(row)
    await timers.arm_all(session, upcoming)
    if done:
        await timers.cancel(session, TIMER, done[0].subject_id, *(row.name for row in done))


def _timer(row: ClockRow, policy: Policy) -> NewTimer | None:
    """The timer for the next step. It is of a new generation: the one before is stale now."""
    row.generation += 1
    upcoming = next_step(row, policy)
    if upcoming is None:
        return None
    return NewTimer(TIMER, row.subject_id, row.name, due_at=upcoming[1], generation=row.generation)
