"""Timers: in due order, exactly once, with their effects or not at all."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from careloop_common import clock, ids, timers
from careloop_common.errors import DomainError, Kind
from careloop_common.plumbing import timer, timer_history
from careloop_common.timers import TimerWorker, worker
from careloop_common.timers.audit import Auditor
from careloop_common.timers.claim import MAX_ATTEMPTS, REST
from sqlalchemy import Text, func, select, update


class Unwell(DomainError):
    kind = Kind.UNAVAILABLE
    code = "unwell"
    title = "Unwell"


@pytest.fixture
def arm(runtime):
    """`await arm(step, seconds)`: a timer due in so many seconds, or so many seconds ago."""

    async def arm(step="step", seconds=-1.0, *, owner_id=None, **more):
        async with runtime.database.transaction() as session:
            owner = owner_id or ids.new_id()
            due_at = clock.now() + timedelta(seconds=seconds)
            await timers.arm(session, kind="bell", owner_id=owner, step=step, due_at=due_at, **more)
            return owner

    return arm


@pytest.fixture
def rows(runtime):
    """`await rows(table)`: all of it, but not the canary."""

    async def read(table):
        async with runtime.database.transaction() as session:
            return list(
                await session.execute(select(table).where(table.c.kind == "bell").order_by(table.c.id))
            )

    return read


async def test_timers_fire_in_due_order_and_move_to_history(runtime, arm, rows, running, eventually):
    fired = []

    async def ring(session, due, now):
        fired.append(due.step)

    for step, seconds in (("c", -1), ("a", -3), ("b", -2), ("soon", 0.3), ("never", 3600)):
        await arm(step, seconds, data={"step": step})
    async with running(TimerWorker(runtime, {"bell": ring})):

        async def all_fired():
            return len(await rows(timer_history)) == 4

        await eventually(all_fired)
    assert fired == ["a", "b", "c", "soon"]
    history = await rows(timer_history)
    assert {(row.step, row.outcome, row.data["step"]) for row in history} == {(x, "fired", x) for x in fired}
    assert all(row.fired_at >= row.due_at for row in history)
    assert [row.step for row in await rows(timer)] == ["never"]


async def test_a_timer_armed_by_another_process_fires_on_time(runtime, arm, rows, running, eventually):
    """The worker sleeps until the next due time; it is not woken here, since this is not its own database object.

    Whoever slept for as long as ever and looked then would be most of a second late.
    """
    async with running(TimerWorker(runtime, {"bell": _nothing})):
        runtime.database.on_commit(timers.WAKE, lambda: None)
        await arm("later", 1.1)
        (row,) = await eventually(lambda: rows(timer_history))
    assert (row.fired_at - row.due_at) < timedelta(seconds=0.75)


async def test_arming_wakes_the_worker(runtime, arm, rows, running, eventually, monkeypatch):
    """Nothing else would within ten minutes."""
    monkeypatch.setattr(worker, "LONGEST_SLEEP", 600.0)
    async with running(TimerWorker(runtime, {"bell": _nothing})):
        await arm("far", 3600)
        await arm("now", 0)
        (row,) = await eventually(lambda: rows(timer_history))
    assert row.step == "now"


async def test_the_worker_is_woken_only_for_what_is_due_soon(runtime, arm):
    """It looks every second by itself."""
    woken = []
    runtime.database.on_commit(timers.WAKE, lambda: woken.append(True))
    await arm("far", 3600)
    assert not woken
    await arm("soon", 30)
    assert woken


async def test_b15_two_workers_fire_each_timer_once(runtime, arm, rows, running, eventually):
    fired = Counter()

    async def ring(session, due, now):
        fired[due.owner_id] += 1
        await asyncio.sleep(0)

    await asyncio.gather(*(arm() for _ in range(500)))
    workers = [TimerWorker(runtime, {"bell": ring}) for _ in range(2)]
    async with running(*workers):

        async def all_fired():
            return len(await rows(timer_history)) == 500

        await eventually(all_fired, timeout=30)
    assert set(fired.values()) == {1}
    assert len(fired) == 500


async def test_b02_an_effect_and_the_firing_are_one_transaction(
    runtime, arm, rows, running, eventually, effects
):
    """A handler that fails half-way leaves nothing; the others of its batch are not harmed."""
    bad = await arm("bad")
    good = [await arm("good") for _ in range(3)]

    async def ring(session, due, now):
        await effects.handle(session, _Numbered(due.owner_id), None)
        if due.owner_id == bad:
            raise ZeroDivisionError

    async with running(TimerWorker(runtime, {"bell": ring})):

        async def fired():
            return len(await rows(timer_history)) == 3

        await eventually(fired)

        async def postponed():
            return [row for row in await rows(timer) if row.attempts]

        (row,) = await eventually(postponed)
    assert row.owner_id == bad
    assert row.available_at > row.due_at
    assert {owner for owner, _ in await effects.all()} == set(good)


async def test_a_timer_dies_after_ten_failures_and_can_be_revived(runtime, arm, rows):
    async def ring(session, due, now):
        raise ZeroDivisionError

    await arm()
    worker = TimerWorker(runtime, {"bell": ring})
    for _ in range(MAX_ATTEMPTS):
        async with runtime.database.transaction() as session:
            await session.execute(update(timer).values(available_at=func.now()))
        await worker.turn()
    (row,) = await rows(timer)
    assert (row.status, row.attempts) == ("dead", MAX_ATTEMPTS)
    assert await Auditor(runtime.database).audit() == (0, 1)
    async with runtime.database.transaction() as session:
        assert await timers.revive(session, "bell") == 1
    await TimerWorker(runtime, {"bell": _nothing}).turn()
    assert [row.outcome for row in await rows(timer_history)] == ["fired"]


async def test_a_dead_timer_is_tried_again_after_its_rest_and_dies_again_at_the_first_failure(
    runtime, arm, rows
):
    async def ring(session, due, now):
        raise ZeroDivisionError

    await arm()
    dead = update(timer).values(status="dead", attempts=MAX_ATTEMPTS)
    worker = TimerWorker(runtime, {"bell": ring})
    async with runtime.database.transaction() as session:
        await session.execute(dead.where(timer.c.kind == "bell"))
    for tries in (1, 2):
        async with runtime.database.transaction() as session:
            assert await timers.retry_dead(session, "bell", limit=10) == 1
        await worker.turn()
        (row,) = await rows(timer)
        assert (row.status, row.attempts) == ("dead", MAX_ATTEMPTS + tries)
        async with runtime.database.transaction() as session:
            now = await session.scalar(func.now())
            assert await timers.retry_dead(session, "bell", limit=10) == 0, "it rests"
            assert now < row.available_at <= now + REST
            await session.execute(update(timer).values(available_at=now))


async def test_a_timer_that_rests_after_a_failure_is_overdue(runtime, arm, rows):
    async with runtime.database.transaction() as session:
        now = await session.scalar(func.now())
    await arm(seconds=-30)
    await arm(seconds=30)
    async with runtime.database.transaction() as session:
        await session.execute(update(timer).values(available_at=now + timedelta(seconds=200)))
    assert await Auditor(runtime.database).audit() == (1, 0)


async def test_a_timer_that_would_be_claimed_long_after_it_is_due_is_put_back(runtime, arm, rows):
    for seconds in (-30, 30):
        await arm(seconds=seconds)
    async with runtime.database.transaction() as session:
        await session.execute(update(timer).values(available_at=timer.c.available_at + timedelta(days=1)))
    assert await Auditor(runtime.database).audit() == (1, 0)
    assert all(row.available_at == row.due_at for row in await rows(timer))


async def test_a_failure_that_passes_does_not_count_and_is_tried_again_in_a_second(runtime, arm, rows):
    async def ring(session, due, now):
        raise Unwell

    await arm()
    worker = TimerWorker(runtime, {"bell": ring})
    for _ in range(MAX_ATTEMPTS + 2):
        async with runtime.database.transaction() as session:
            await session.execute(update(timer).values(available_at=func.now()))
        await worker.turn()
    (row,) = await rows(timer)
    assert (row.status, row.attempts) == ("armed", 0)
    async with runtime.database.transaction() as session:
        now = await session.scalar(func.now())
    assert row.available_at <= now + timedelta(seconds=1)


async def test_cancelled_timers_do_not_fire(runtime, arm, rows):
    owner = await arm("one")
    await arm("two", owner_id=owner)
    await arm("three", owner_id=owner)
    async with runtime.database.transaction() as session:
        assert await timers.cancel(session, "bell", owner, "two") == 1
    assert [row.step for row in await rows(timer)] == ["one", "three"]
    async with runtime.database.transaction() as session:
        assert await timers.cancel(session, "bell", owner) == 2
    assert await rows(timer) == []


async def test_a_newer_generation_replaces_an_older_one_and_not_the_other_way_round(runtime, arm, rows):
    owner = await arm("step", 60, generation=1, data={"of": 1})
    await arm("step", 30, owner_id=owner, generation=2, data={"of": 2})
    await arm("step", 10, owner_id=owner, generation=1, data={"of": "stale"})
    (row,) = await rows(timer)
    assert (row.generation, row.data) == (2, {"of": 2})


async def test_many_timers_are_armed_by_one_statement(runtime, arm, rows):
    owner, due_at = await arm("kept", 60, generation=5), clock.now()
    new = [
        timers.NewTimer("bell", ids.new_id(), "x", due_at, data={"number": number}) for number in range(300)
    ]
    again = timers.NewTimer("bell", new[0].owner_id, "x", due_at, generation=1, data={"number": "again"})
    stale = timers.NewTimer("bell", owner, "kept", due_at, generation=4)
    async with runtime.database.transaction() as session:
        assert await timers.arm_all(session, [*new, again, new[0], stale]) == 300
        assert await timers.arm_all(session, []) == 0
    found = {row.owner_id: row for row in await rows(timer)}
    assert len(found) == 301
    assert found[owner].generation == 5
    assert found[new[0].owner_id].data == {"number": "again"}


async def test_a_handler_may_arm_its_own_step_again(runtime, arm, rows):
    async def ring(session, due, now):
        await timers.arm(
            session,
            kind=due.kind,
            owner_id=due.owner_id,
            step=due.step,
            due_at=now + timedelta(hours=1),
            generation=due.generation,
        )

    await arm("again")
    await TimerWorker(runtime, {"bell": ring}).turn()
    (row,) = await rows(timer)
    assert row.due_at > clock.now() + timedelta(minutes=59)
    assert len(await rows(timer_history)) == 1


async def test_a_batch_handler_gets_all_that_is_due(runtime, arm, rows):
    calls = []

    async def ring(session, due, now):
        calls.append([item.step for item in due])

    for step, seconds in (("b", -2), ("c", -1), ("a", -3)):
        await arm(step, seconds)
    await TimerWorker(runtime, {"bell": timers.in_batches(ring)}).turn()
    assert calls == [["a", "b", "c"]]
    assert len(await rows(timer_history)) == 3


async def test_a_timer_that_is_fired_alone_shares_its_transaction_with_none(runtime, arm):
    transactions = {}

    async def ring(session, due, now):
        transactions[due.step] = await session.scalar(select(func.pg_current_xact_id().cast(Text)))

    for step in ("a", "b", "c"):
        await arm(step)
        async with runtime.database.transaction() as session:
            past = clock.now() - timedelta(seconds=1)
            await timers.arm(session, kind="watch", owner_id=ids.new_id(), step=step.upper(), due_at=past)
    worker = TimerWorker(runtime, {"bell": timers.alone(ring), "watch": ring})
    while await worker.turn() == 0:
        pass
    assert sorted(transactions) == ["A", "B", "C", "a", "b", "c"]
    assert len({transactions[step] for step in "abc"} - {transactions["A"]}) == 3
    assert len({transactions[step] for step in "ABC"}) == 1


async def test_a_timer_that_is_fired_alone_says_nothing_of_how_many_others_are_behind(runtime, arm):
    many = 2 * runtime.settings.timer_batch
    past, calm = clock.now() - timedelta(seconds=1), []
    new = [timers.NewTimer("watch", ids.new_id(), "x", past) for _ in range(many)]
    async with runtime.database.transaction() as session:
        await timers.arm_all(session, new)
    for step in ("a", "b"):
        await arm(step)
    worker = TimerWorker(runtime, {"bell": timers.alone(_nothing), "watch": timers.in_batches(_nothing)})
    while await worker.turn() == 0:
        calm.append(runtime.timers_calm.is_set())
    assert calm == [False] * 4
    assert runtime.timers_calm.is_set()


async def test_timers_of_kinds_without_a_handler_stay(runtime, arm, rows):
    await arm()
    await TimerWorker(runtime, {}).turn()
    assert len(await rows(timer)) == 1


async def test_the_auditor_counts_what_is_overdue(runtime, arm):
    await arm("late", -60)
    await arm("in time", 60)
    assert await Auditor(runtime.database).audit() == (1, 0)


async def test_b14_more_that_is_due_than_any_batch_takes_fires_without_a_pause(runtime, rows):
    due = clock.now() - timedelta(hours=1)
    many = 2 * runtime.settings.timer_batch + 7
    new = [timers.NewTimer("bell", ids.new_id(), "x", due + timedelta(seconds=n % 100)) for n in range(many)]
    async with runtime.database.transaction() as session:
        await timers.arm_all(session, new)
    fired = []

    async def ring(session, batch, now):
        fired.extend(batch)

    worker = TimerWorker(runtime, {"bell": timers.in_batches(ring)})
    for left in (True, True, True, False):
        assert (await worker.turn() == 0) is left
    moments = [item.due_at for item in fired]
    assert (len(moments), moments == sorted(moments), await rows(timer)) == (many, True, [])


async def _nothing(session, due, now):
    pass


class _Numbered:
    """What the effect handler reads of an event."""

    reason = "0"

    def __init__(self, owner_id):
        self.ticket_id = owner_id
