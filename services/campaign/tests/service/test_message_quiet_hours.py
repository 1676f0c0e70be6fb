"""Quiet hours: deferral on timers, and the rules asked again when a message comes back."""

from datetime import datetime, time, timedelta

from careloop_campaign.messages.service import RECHECK
from careloop_common import clock
from careloop_common.plumbing import timer
from sqlalchemy import func, update


async def test_quiet_hours_defer_and_the_timer_brings_the_message_back(
    known, plan, ledger, drain, set_policy, worker_running, eventually, delivered, around
):
    (customer,) = await known()
    quiet = around(clock.now(), before=timedelta(hours=1), after=timedelta(seconds=6))
    await set_policy(quiet_hours=quiet, timezone="UTC")
    await plan(customer)
    desk = await drain()
    assert desk.given == []
    (row,) = await ledger()
    assert (row.state, row.reason) == ("deferred", "quiet_hours")
    end = datetime.combine(
        row.deferred_until.date(), time.fromisoformat(quiet["end"]), row.deferred_until.tzinfo
    )
    assert row.deferred_until == end
    async with worker_running():
        await eventually(lambda: ledger(state="accepted"), timeout=20)
    assert clock.now() >= end
    assert len(delivered()) == 1


async def test_a_message_that_expires_in_quiet_hours_does_not_arrive_in_the_morning(
    known, plan, drain, set_policy, around, outcomes
):
    now = clock.now()
    await set_policy(
        quiet_hours=around(now, before=timedelta(hours=1), after=timedelta(hours=2)), timezone="UTC"
    )
    (customer,) = await known()
    await plan(customer, expires_at=now + timedelta(hours=1))
    await drain()
    assert await outcomes() == {("withheld", "quiet_hours"): 1}


async def test_a_new_policy_counts_for_what_is_deferred_already(
    known, plan, ledger, drain, set_policy, worker_running, eventually, around, runtime
):
    """Waking up is no permission: the rules of that moment decide."""
    quiet = around(clock.now(), before=timedelta(hours=1), after=timedelta(hours=1))
    await set_policy(quiet_hours=quiet, timezone="UTC")
    (customer,) = await known()
    await plan(customer)
    await drain()
    await set_policy(caps=[{"hours": 24, "care": 0, "marketing": 0}])
    async with runtime.database.transaction() as session:
        brought_forward = update(timer).where(timer.c.kind == RECHECK).values(due_at=func.now())
        assert (await session.execute(brought_forward)).rowcount == 1
    async with worker_running():
        await eventually(lambda: ledger(state="withheld", reason="frequency_cap"))
