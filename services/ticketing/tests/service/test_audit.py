"""Whatever befalls the timers, a clock that is due soon has one."""

from datetime import datetime, timedelta

import pytest
from careloop_common import clock
from careloop_common.plumbing import timer
from careloop_contracts import TicketSlaBreachedV1
from careloop_ticketing.escalation import audit
from sqlalchemy import delete, select, text, update

LOST = delete(timer)
STALE = update(timer).values(generation=timer.c.generation - 1)
AHEAD = update(timer).values(generation=timer.c.generation + 7)


@pytest.mark.parametrize("damage", [LOST, STALE, AHEAD], ids=["lost", "stale", "ahead"])
async def test_b17_a_clock_whose_timer_is_lost_or_wrong_gets_one_in_time(
    runtime, open_ticket, publish_policy, published, worker_running, eventually, damage
):
    await publish_policy(first_response=2, resolution=3600)
    await open_ticket()
    async with runtime.database.transaction() as session:
        await session.execute(damage.where(timer.c.kind == "sla", timer.c.step == "first_response"))
    async with runtime.database.transaction() as session:
        assert await audit.repair(session, now=clock.now()) == 1
    async with runtime.database.transaction() as session:
        assert await audit.repair(session, now=clock.now()) == 0
    async with worker_running():
        (breach,) = await eventually(lambda: published(TicketSlaBreachedV1))
    assert breach.clock == "first_response"


async def test_what_is_due_later_is_left_for_later(runtime, open_ticket, session):
    await open_ticket()
    async with runtime.database.transaction() as own:
        await own.execute(LOST.where(timer.c.kind == "sla"))
        assert await audit.repair(own, now=clock.now()) == 0


async def test_a_clock_at_the_top_of_its_ladder_needs_no_timer(
    runtime, open_ticket, publish_policy, published, worker_running, eventually
):
    await publish_policy(first_response=1, resolution=3600)
    await open_ticket()
    async with worker_running():
        await eventually(lambda: published(TicketSlaBreachedV1))
    async with runtime.database.transaction() as own:
        assert await audit.repair(own, now=clock.now()) == 0
        steps = (await own.scalars(select(timer.c.step).where(timer.c.kind == "sla"))).all()
    assert steps == ["resolution"]


async def test_a_ticket_in_somebodys_hands_is_left_alone(runtime, open_ticket, publish_policy):
    from careloop_ticketing.tickets import service as tickets

    await publish_policy(first_response=2, resolution=3600)
    ticket = await open_ticket()
    async with runtime.database.transaction() as holder:
        await tickets.lock(holder, ticket["id"])
        async with runtime.database.transaction() as own:
            await own.execute(LOST.where(timer.c.kind == "sla", timer.c.step == "first_response"))
            assert await audit.repair(own, now=clock.now()) == 0


async def test_b17_a_clock_that_was_forgotten_long_ago_is_found_and_by_an_index(
    runtime, open_ticket, publish_policy
):
    await publish_policy()
    await open_ticket()
    years = timedelta(days=700)
    async with runtime.database.transaction() as session:
        await session.execute(LOST.where(timer.c.kind == "sla"))
        assert await audit.repair(session, now=clock.now() + years) == 2
    async with runtime.database.transaction() as session:
        await session.execute(
            text("SET LOCAL enable_seqscan = off")
        )  # as if there were more than a few clocks
        plan = (await session.execute(text(f"EXPLAIN {audit.UNSEEN}"), audit.asked(clock.now()))).scalars()
        assert "ix_sla_clock_next_at" in "\n".join(plan)


async def test_a_wrong_generation_is_repaired_within_a_minute_and_before_its_step_is_due(
    runtime, open_ticket, publish_policy, session
):
    """The auditor comes often enough, and looks ahead far enough, wherever in its round a timer is damaged."""
    assert audit.EVERY_SECONDS <= 30
    assert audit.AHEAD.total_seconds() >= 2 * audit.EVERY_SECONDS
    await publish_policy(first_response=45, resolution=3600)
    ticket = await open_ticket()
    async with runtime.database.transaction() as own:
        await own.execute(STALE.where(timer.c.kind == "sla", timer.c.step == "first_response"))
    due = datetime.fromisoformat(ticket["clocks"][0]["due_at"])
    rounds = 0
    while True:
        now = clock.now() + rounds * timedelta(seconds=audit.EVERY_SECONDS)
        async with runtime.database.transaction() as own:
            if await audit.repair(own, now=now):
                break
        rounds += 1
    assert now < due
    assert now - clock.now() <= timedelta(seconds=60)
