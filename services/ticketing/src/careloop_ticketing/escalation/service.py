"""Taking the steps of ladders when their clocks reach them.

A timer only says *look at this clock now*. What is due is read off the clock: after an outage that can be several steps,
which are taken in their order, each with the time at which it was due.
"""

from collections.abc import Sequence
from datetime import datetime

from careloop_common import ids, outbox
from careloop_common.timers import DueTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.escalation import events, metrics, policy
from careloop_ticketing.escalation.models import EscalationRow
from careloop_ticketing.escalation.policy import Consequence, Standing
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.policy.ladder import Step
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.service import ClockRow, Clocks
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Ticket


async def on_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
    """Take every step that is due on the clocks of these timers; a handful of statements for all of them."""
    found = await tickets.lock_due(session, due, now)
    clocks = await sla.of_all(session, {ticket.id for _, ticket in found})
    versions = {row.policy_version for named in clocks.values() for row in named.values()}
    policies = await sla.policies(session, versions)
    climbed = []
    for timer, ticket in found:
        clock = clocks[ticket.id][timer.step]
        if clock.generation == timer.generation:
            terms = policies[clock.policy_version]
            await _climb(session, ticket, clocks[ticket.id], clock=clock, terms=terms, now=now)
            climbed.append((clock, terms))
    await sla.arm(session, climbed)


async def _climb(
    session: AsyncSession,
    ticket: Ticket,
    clocks: Clocks,
    *,
    clock: ClockRow,
    terms: Policy,
    now: datetime,
) -> None:
    while (upcoming := sla.next_step(clock, terms)) and upcoming[1] <= now:
        step, due_at = upcoming
        sla.take(clock, step, due_at)
        standing = Standing(ticket.level, ticket.tier)
        if clock.state is not State.STOPPED:
            consequence = policy.decide(step, standing)
        elif step.is_breach:
            # It was over its target when it stopped, before the worker came to see: only the fact remains.
            consequence = policy.unmoved(standing)
        else:
            continue
        await _take(
            session, ticket, clocks, clock=clock, step=step, consequence=consequence, due_at=due_at, now=now
        )


async def _take(
    session: AsyncSession,
    ticket: Ticket,
    clocks: Clocks,
    *,
    clock: ClockRow,
    step: Step,
    consequence: Consequence,
    due_at: datetime,
    now: datetime,
) -> None:
    row = EscalationRow(
        id=ids.new_id(),
        ticket_id=ticket.id,
        clock=clock.name,
        policy_version=clock.policy_version,
        step=step.name,
        action=step.action,
        is_breach=step.is_breach,
        told=consequence.told,
        level=consequence.level,
        tier=consequence.tier,
        due_at=due_at,
        escalated_at=now,
    )
    session.add(row)
    metrics.STEPS.labels(clock.name, step.name).inc()
    if step.is_breach:
        outbox.add(session, events.breached(ticket, clock, due_at), now=now)
    outbox.add(session, events.escalated(ticket, row, policy.reason(step, clock.name)), now=now)
    about = {"step": step.name, "action": step.action, "clock": clock.name, "told": consequence.told}
    await tickets.escalate(
        session,
        ticket,
        clocks,
        "sla_breached" if step.is_breach else "escalated",
        level=consequence.level,
        tier=consequence.tier,
        step={**about, "due_at": due_at.isoformat()},
        now=now,
    )
