"""Care tasks: opened by warnings, worked on by people, watched by a clock."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from careloop_common import ids, outbox, subject_keys, timers
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_campaign.audience import service as audience
from careloop_campaign.audience.policy import Member
from careloop_campaign.care import events, queries
from careloop_campaign.care.errors import CareTaskAlreadyCompleted, CareTaskNotFound
from careloop_campaign.care.models import CareTask
from careloop_campaign.care.policy import (
    MESSAGE_PATIENCE,
    RETENTION,
    ChurnWarning,
    Outcome,
    State,
    offer_for,
    queue_for,
    same_episode,
    whole_hours,
)
from careloop_campaign.contact import service as contact
from careloop_campaign.contact.policy import Purpose
from careloop_campaign.messages import service as messages
from careloop_campaign.messages.policy import Plan

CLOCK = "care_task"
NOTES = "care_task_notes"


async def warn(session: AsyncSession, warnings: Sequence[ChurnWarning], *, now: datetime) -> int:
    """Open one retention task, and plan one message, for each customer whose warning starts an episode."""
    newest = {warning.customer_id: warning for warning in warnings}
    for erased in await subject_keys.destroyed(session, newest.keys()):
        del newest[erased]
    policy = await contact.in_force(session)
    completed = await queries.last_completed(session, newest.keys(), RETENTION)
    members = await audience.members(session, newest.keys())
    tasks = [
        _task(warning, member, policy, now)
        # One order for everybody: inserts of the same customers wait for each other, and never in a circle.
        for customer_id, warning in sorted(newest.items())
        if _may_be_warned_of(member := members.get(customer_id))
        and (
            customer_id not in completed
            or not same_episode(completed[customer_id], warning.raised_at, policy.episode)
        )
    ]
    opened = await _insert(session, tasks)
    for task in opened:
        outbox.add(session, events.opened(task), now=now)
        await timers.arm(session, kind=CLOCK, owner_id=task.task_id, step="callback", due_at=task.due_at)
    await messages.plan(session, [_message(task, newest[task.customer_id]) for task in opened], now=now)
    return len(opened)


def _may_be_warned_of(member: Member | None) -> bool:
    """Who refused automated decisions may have done so after the warning was raised."""
    return member is None or member.automated_decisions


async def _insert(session: AsyncSession, tasks: Sequence[CareTask]) -> list[CareTask]:
    """Those that are new: the partial unique index refuses a second open task, whoever comes with it."""
    if not tasks:
        return []
    found = await session.scalars(
        insert(CareTask).on_conflict_do_nothing().returning(col(CareTask.task_id)),
        [task.model_dump() for task in tasks],
    )
    new = set(found)
    return [task for task in tasks if task.task_id in new]


async def assign(session: AsyncSession, task_id: UUID, assignee: str) -> CareTask:
    task = await _lock_open(session, task_id)
    task.state, task.assignee = State.ASSIGNED, assignee
    return task


async def complete(
    session: AsyncSession,
    task_id: UUID,
    *,
    outcome: Outcome,
    notes: str | None,
    vault: Vault,
    actor: Actor,
    now: datetime,
) -> CareTask:
    task = await _lock_open(session, task_id)
    task.state, task.outcome = State.COMPLETED, outcome
    task.notes = vault.seal(task.customer_id, NOTES, notes) if notes else None
    task.completed_at, task.completed_by = now, actor.id
    await timers.cancel(session, CLOCK, task.task_id)
    outbox.add(session, events.completed(task, now), now=now)
    return task


async def callback_due(session: AsyncSession, timer: timers.DueTimer, now: datetime) -> None:
    """The callback clock ran out."""
    task = await queries.lock(session, timer.owner_id)
    if task is None or task.state == State.COMPLETED or task.overdue_at is not None:
        return
    task.overdue_at, task.escalated = now, True
    outbox.add(session, events.overdue(task, now), now=now)


async def _lock_open(session: AsyncSession, task_id: UUID) -> CareTask:
    task = await queries.lock(session, task_id)
    if task is None:
        raise CareTaskNotFound(f"There is no care task {task_id}.")
    if task.state == State.COMPLETED:
        raise CareTaskAlreadyCompleted(f"It ended with {task.outcome}.", outcome=task.outcome)
    return task


def _task(warning: ChurnWarning, member: Member | None, policy: contact.InForce, now: datetime) -> CareTask:
    return CareTask(
        task_id=ids.new_id(),
        customer_id=warning.customer_id,
        reason=RETENTION,
        queue=queue_for(member.tier if member else warning.tier, vip=member is not None and member.vip),
        driver=warning.driver,
        offer=asdict(offer_for(warning.driver)),
        origin=dict(warning.origin),
        policy_version=policy.version,
        opened_at=now,
        due_at=now + policy.callback,
    )


def _message(task: CareTask, warning: ChurnWarning) -> Plan:
    return Plan(
        customer_id=task.customer_id,
        purpose=Purpose.CARE,
        template="retention_offer",
        campaign="retention",
        step="offer",
        occurrence=str(task.task_id),
        reference=str(task.task_id),
        values={
            "offer": task.offer["kind"],
            "callback_hours": whole_hours(task.due_at - task.opened_at),
        },
        expires_at=warning.raised_at + MESSAGE_PATIENCE,
    )
