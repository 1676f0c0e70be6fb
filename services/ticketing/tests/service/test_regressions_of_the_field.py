"""Defects that other ticket systems have or had, by their numbers in our survey: those that need a database to show.

The others are where their subject is: `grep -rn 'def test_b[0-9]'` finds B01 to B18.
"""

import asyncio
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from careloop_common import clock
from careloop_common.plumbing import timer
from careloop_common.testing.working import working
from careloop_common.timers import claim, worker
from careloop_contracts import TicketArchivedV1, TicketEscalatedV1
from careloop_ticketing.escalation import service as escalation
from careloop_ticketing.escalation.models import EscalationRow
from careloop_ticketing.sla.models import ClockRow
from careloop_ticketing.tickets.models import HistoryRow
from sqlalchemy import event, func, select
from sqlmodel import col

STEPS = 7
"""Of the two ladders of an ordinary ticket."""


class Killed(Exception):
    """What a process does that ends: nothing any more."""


@pytest.fixture
def fire(runtime):
    """`await fire(now)`: everything that is due at that instant, in one transaction."""

    async def take(now):
        async with runtime.database.transaction() as session:
            if due := await claim.due(session, now=now, kinds=["sla"], limit=100):
                await escalation.on_due(session, due, now)

    return take


@pytest.fixture
def effects(runtime):
    """`await effects()`: timers that are armed, steps and history entries; what a worker leaves behind."""

    async def count():
        steps = select(col(EscalationRow.clock), col(EscalationRow.step), col(EscalationRow.due_at))
        armed = select(timer.c.step, timer.c.generation, timer.c.due_at).where(timer.c.kind == "sla")
        async with runtime.database.transaction() as session:
            told = await session.scalar(select(func.count()).select_from(HistoryRow))
            return sorted(await session.execute(armed)), sorted(await session.execute(steps)), told

    return count


@pytest.fixture
def killed_at(runtime):
    """`with killed_at(n):` the process ends before its n-th statement."""

    @contextmanager
    def watch(number):
        engine, statements = runtime.database.engine.sync_engine, Counter()

        def before(*_):
            statements["all"] += 1
            if statements["all"] == number:
                raise Killed

        event.listen(engine, "before_cursor_execute", before)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", before)

    return watch


async def test_b02_a_worker_that_is_killed_anywhere_in_its_work_loses_no_level(
    open_ticket, fire, effects, killed_at
):
    await open_ticket()
    later, before = clock.now() + timedelta(minutes=40), await effects()
    for kills in range(1, 40):
        try:
            with killed_at(kills):
                await fire(later)
        except Killed:
            assert await effects() == before
        else:
            break
    assert kills > 5, "it is more than a statement or two"
    _, steps, _ = await effects()
    assert [(name, step) for name, step, _ in steps] == [
        ("first_response", "breach"),
        ("first_response", "reminder"),
    ]


async def test_b01_what_is_due_on_the_same_day_is_told_each_time_and_only_once(
    open_ticket, fire, publish_policy, published, worker_running, eventually
):
    await publish_policy()
    await open_ticket()
    opened = clock.now()
    for hour in range(40):
        await fire(opened + timedelta(hours=hour))
        await fire(opened + timedelta(hours=hour))

    async def told():
        found = await published(TicketEscalatedV1)
        return found if len(found) == STEPS else None

    async with worker_running():
        steps = await eventually(told)
    assert Counter((step.clock, step.step) for step in steps).most_common(1)[0][1] == 1
    assert all(step.notice for step in steps), "no two of them tell the same person at the same time"


async def test_b15_workers_side_by_side_take_each_step_once(
    service_under_test, runtime, open_ticket, publish_policy, eventually, session
):
    await publish_policy(first_response=1, resolution=1)
    tickets = await asyncio.gather(*(open_ticket() for _ in range(24)))
    taken = select(col(EscalationRow.ticket_id), col(EscalationRow.clock), col(EscalationRow.step))

    async def all_taken():
        await session.rollback()
        found = list(await session.execute(taken))
        return found if len(found) >= STEPS * len(tickets) else None

    create = service_under_test.create_worker
    async with working(create(runtime)), working(create(runtime)):
        found = await eventually(all_taken, timeout=30)
    assert len(found) == len(set(found)) == STEPS * len(tickets)


async def test_b17_a_clock_that_was_paused_goes_on_whichever_process_resumes_it(
    open_ticket, act, fire, effects, publish_policy
):
    await publish_policy()
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    opened = clock.now()
    await fire(opened + timedelta(days=30))
    assert await effects() == ([], [], 4)
    await act(ticket, "resume")
    for hour in range(24):
        await fire(opened + timedelta(hours=2 * hour))
    _, steps, _ = await effects()
    assert [step for _, step, _ in steps] == [
        "breach",
        "group_committee",
        "one_level_up",
        "regional_head",
        "reminder",
    ]


async def test_b18_what_waits_until_a_time_ends_when_it_comes(
    open_ticket, act, publish_policy, published, worker_running, eventually, monkeypatch
):
    """Nobody looks every so often: the worker sleeps until that time, and would for ten minutes without one."""
    monkeypatch.setattr(worker, "LONGEST_SLEEP", 600.0)
    await publish_policy(satisfaction=1)
    ticket = await open_ticket()
    async with worker_running():
        resolved = await act(ticket, "resolve")
        (archived,) = await eventually(lambda: published(TicketArchivedV1))
    assert archived.archived_at >= datetime.fromisoformat(resolved["resolved_at"]) + timedelta(seconds=1)


async def test_b14_more_that_is_due_than_any_batch_takes_is_taken_without_a_pause(
    runtime, open_ticket, fire, session, publish_policy
):
    """A worker that is given one ticket at a time goes on until nothing is due."""
    await publish_policy()
    tickets = [await open_ticket() for _ in range(12)]
    later = clock.now() + timedelta(days=3)
    for _ in range(2 * len(tickets)):
        async with runtime.database.transaction() as own:
            if due := await claim.due(own, now=later, kinds=["sla"], limit=1):
                await escalation.on_due(own, due, later)
    left = select(func.count()).select_from(ClockRow).where(col(ClockRow.next_at).is_not(None))
    assert await session.scalar(left) == 0
    assert await session.scalar(select(func.count()).select_from(EscalationRow)) == STEPS * len(tickets)
