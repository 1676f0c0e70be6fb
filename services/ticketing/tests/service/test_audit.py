"""Whatever befalls the timers, a clock that is due soon has one."""

import asyncio
import os
import sysconfig
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from careloop_common import clock, timers
from careloop_common.database import lasting
from careloop_common.plumbing import timer
from careloop_common.timers import TimerWorker, claim
from careloop_contracts import TicketSlaBreachedV1
from careloop_ticketing.escalation import audit
from careloop_ticketing.escalation import service as escalation
from prometheus_client import REGISTRY
from sqlalchemy import delete, func, select, text, update

LOST = delete(timer)
STALE = update(timer).values(generation=timer.c.generation - 1)
AHEAD = update(timer).values(generation=timer.c.generation + 7)
MOVED = update(timer).values(available_at=timer.c.available_at + timedelta(days=1))
MOVED_AFTER_A_FAILURE = MOVED.values(attempts=3)
KILLED = update(timer).values(status="dead")
DIED = update(timer).values(status="dead", attempts=10, available_at=func.now())


@pytest.mark.parametrize(
    "damage",
    [LOST, STALE, AHEAD, MOVED, MOVED_AFTER_A_FAILURE, KILLED],
    ids=["lost", "stale", "ahead", "moved", "moved_after_a_failure", "killed"],
)
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


async def test_a_clock_whose_timer_died_goes_on_once_the_cause_is_gone(
    runtime, open_ticket, publish_policy, published, worker_running, eventually
):
    """Nobody but the auditor revives it."""
    await publish_policy(first_response=1, resolution=3600)
    await open_ticket()
    async with runtime.database.transaction() as session:
        await session.execute(DIED.where(timer.c.kind == "sla", timer.c.step == "first_response"))
    async with worker_running():
        (breach,) = await eventually(lambda: published(TicketSlaBreachedV1))
    assert breach.clock == "first_response"


async def test_a_clock_whose_timer_dies_again_harms_no_other(
    runtime, open_ticket, publish_policy, session, eventually
):
    await publish_policy(first_response=1, resolution=3600)
    due_at = datetime.fromisoformat((await open_ticket())["clocks"][0]["due_at"])

    async def due():
        return clock.now() > due_at

    await eventually(due)
    first = timer.c.kind == "sla", timer.c.step == "first_response"
    async with runtime.database.transaction() as own:
        await own.execute(DIED.where(*first))
        await own.execute(text("ALTER TABLE escalation RENAME TO escalation_elsewhere"))
    try:
        await audit.audit(runtime)
        worker = TimerWorker(runtime, {"sla": timers.in_batches(escalation.on_due)})
        await worker.turn()
        (row,) = await session.execute(select(timer.c.status, timer.c.attempts).where(*first))
        assert tuple(row) == ("dead", 11)
        async with runtime.database.transaction() as own:
            assert await audit.repair(own, now=clock.now()) == 0, "it rests, and is told of"
    finally:
        async with runtime.database.transaction() as own:
            await own.execute(text("ALTER TABLE escalation_elsewhere RENAME TO escalation"))


async def test_a_step_is_seen_to_be_late_also_while_somebody_holds_its_ticket(
    runtime, open_ticket, publish_policy, session
):
    """Its timer gives way, and is due again in a moment; so it is never late."""
    from careloop_ticketing.tickets import service as tickets

    await publish_policy(first_response=60, resolution=3600)
    ticket = await open_ticket()
    due_at = datetime.fromisoformat(ticket["clocks"][0]["due_at"])
    reminded_at, now = due_at - timedelta(seconds=12), due_at + timedelta(seconds=6)
    async with runtime.database.transaction() as holder:
        await tickets.lock(holder, ticket["id"])
        await _look(runtime, now)
        assert await audit.overdue(session, now=now) == (1, reminded_at)
    await session.rollback()
    await _look(runtime, now + timedelta(seconds=1))
    assert await audit.overdue(session, now=now) == (0, None)
    await audit.watch(runtime)
    assert REGISTRY.get_sample_value("sla_steps_overdue") == 0


async def _look(runtime, now):
    async with runtime.database.transaction() as own:
        await escalation.on_due(own, await claim.due(own, now=now, kinds=["sla"], limit=10), now)


async def test_an_operator_revives_all_that_died_by_a_command(runtime, open_ticket, publish_policy, session):
    await publish_policy()
    await open_ticket()
    async with runtime.database.transaction() as own:
        await own.execute(
            DIED.values(available_at=func.now() + timedelta(days=1)).where(timer.c.kind == "sla")
        )
    settings = runtime.settings
    secrets = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "DATA_KEYS": settings.data_keys.get_secret_value(),
    }
    told = secrets | {"NATS_URL": settings.nats_url, "INTERNAL_PUBLIC_KEY": settings.internal_public_key}
    environment = {**os.environ, **{f"TICKETING_{name}": value for name, value in told.items()}}
    command = Path(sysconfig.get_path("scripts")) / "careloop-ticketing"
    for kind, expected in (("bell", b"0 timers\n"), ("sla", b"2 timers\n")):
        process = await asyncio.create_subprocess_exec(
            command, "revive-timers", "--kind", kind, env=environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert said.endswith(expected)
    rows = await session.execute(select(timer.c.status, timer.c.attempts).where(timer.c.kind == "sla"))
    assert {tuple(row) for row in rows} == {("armed", 0)}


async def test_a_clock_that_cannot_be_read_keeps_no_other_from_its_timer(
    runtime, open_ticket, publish_policy, session
):
    broken = await publish_policy(first_response=2, resolution=3600)
    await open_ticket()
    await publish_policy(first_response=3, resolution=3600)
    ticket = await open_ticket()
    async with runtime.database.transaction() as own:
        await own.execute(LOST.where(timer.c.kind == "sla"))
        spoilt = "UPDATE sla_policy SET document = document - 'ladders' WHERE version = :version"
        await own.execute(text(spoilt), {"version": broken})
    lasting(session).clear()
    await audit.audit(runtime)
    armed = select(timer.c.owner_id).where(timer.c.kind == "sla")
    assert [str(one) for one in await session.scalars(armed)] == [ticket["id"]]
