"""Who is looked at while it is erased, or after, is gone all the same: tags, stages and timers bring nobody back."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, subject_keys
from careloop_profile import looking
from careloop_profile.tags.queries import buckets, facts
from careloop_profile.tags.service import giving
from careloop_profile.tags.service.evaluating import Parts
from sqlalchemy import text

DERIVED = (
    *("person_fact", "person_tag", "tag_history", "tag_given", "metric_bucket", "interaction_news"),
    *("customer_activity", "lifecycle_move", "lifecycle_rank", "timer"),
)


@pytest.fixture
def evaluator(runtime):
    return looking.evaluator(runtime)


@pytest.fixture
def look(evaluator):
    """`await look(session, key)`: what the worker does when it hears of a customer, or a timer rings."""

    async def now(session, key):
        return await evaluator.look(session, {UUID(key)}, Parts.BOTH, {"kind": "time"}, now=clock.now())

    return now


@pytest.fixture
async def key(register, planted):
    return (await register(source="crm", external_id="A-1", **planted))["customer_id"]


@pytest.fixture
def left(mentions):
    """`await left(key)`: the tables of what follows from what is known, in which the customer is still named."""

    async def find(key):
        return set(await mentions(key)) & set(DERIVED)

    return find


@pytest.fixture
def swept(worker_running, eventually, erasure):
    """`await swept(request)`: the erasure has done here what it does."""

    async def wait(request):
        async def done():
            return (await erasure(request))["state"] == "waiting"

        async with worker_running():
            await eventually(done)

    return wait


async def test_who_was_erased_is_not_looked_at_again(key, look, runtime, erase, left):
    async with runtime.database.transaction() as session:
        assert await look(session, key)
    assert await left(key) >= {"person_fact", "person_tag", "tag_history", "lifecycle_move"}
    await erase(key)
    assert await left(key) == set()
    async with runtime.database.transaction() as session:
        assert await look(session, key) == 0
    assert await left(key) == set()


async def test_a_first_look_that_ends_after_the_erasure_leaves_nothing(
    key, look, runtime, erase, left, swept
):
    async with runtime.database.transaction() as session:
        assert await look(session, key)
        request = await erase(key)
    assert await left(key) >= {"person_fact", "person_tag"}
    await swept(request)
    assert await left(key) == set()


async def test_a_look_and_an_erasure_of_the_same_person_do_not_wait_in_a_circle(
    key, look, runtime, erase, left, eventually
):
    async with runtime.database.transaction() as session:
        await look(session, key)
    async with runtime.database.transaction() as session:
        await facts.hold(session, [UUID(key)])
        erasing = asyncio.create_task(erase(key))
        await eventually(lambda: _somebody_waits(runtime))
        await session.execute(text("UPDATE person_fact SET evaluated_at = NULL"))
        assert await look(session, key) >= 0
        await session.execute(text("UPDATE person_tag SET held = held"))
    await erasing
    assert await left(key) == set()


async def test_of_days_that_are_forgotten_while_their_customer_is_erased_no_sums_are_left(
    key, runtime, erase, left, eventually
):
    news = text(
        "INSERT INTO interaction_news (customer_id, occurred_at, channel, kind) VALUES (:id, :at, 'web', 'call')"
    )
    now = clock.now()
    async with runtime.database.transaction() as session:
        await session.execute(news, {"id": key, "at": now - timedelta(days=500)})
        await buckets.fold(session, [UUID(key)], now)
    async with runtime.database.transaction() as session:
        assert await buckets.forget(session, now, 1) == 1
        erasing = asyncio.create_task(erase(key))
        await eventually(lambda: _somebody_waits(runtime))
    await erasing
    assert await left(key) == set()


async def test_a_timer_that_just_fires_does_not_hold_an_erasure_up(key, look, runtime, erase, left, swept):
    async with runtime.database.transaction() as session:
        await look(session, key)
    async with runtime.database.transaction() as session:
        assert (await session.scalars(text("SELECT id FROM timer WHERE kind = 'tags' FOR UPDATE"))).all()
        async with asyncio.timeout(5):
            request = await erase(key)
        await look(session, key)
    await swept(request)
    assert await left(key) == set()


async def test_a_tag_that_is_given_meanwhile_is_gone(
    key, look, evaluator, runtime, erase, left, swept, eventually
):
    async with runtime.database.transaction() as session:
        await look(session, key)
    async with runtime.database.transaction() as session:
        said = [(UUID(key), "churn_probability", 0.9)]
        await giving.score(session, evaluator, said, now=clock.now(), by="scoring")
        erasing = asyncio.create_task(erase(key))
        await eventually(lambda: _somebody_waits(runtime))
    await swept(await erasing)
    assert await left(key) == set()


async def test_who_is_being_erased_does_not_keep_others_from_being_looked_at(
    key, register, evaluator, runtime, mentions
):
    other = (await register(name="别人"))["customer_id"]
    async with runtime.database.transaction() as session:
        await subject_keys.destroy(session, [UUID(key)], now=clock.now())
    async with runtime.database.transaction() as session:
        both = [UUID(key), UUID(other)]
        assert await evaluator.look(session, both, Parts.BOTH, {"kind": "customer"}, now=clock.now())
    assert "person_tag" in await mentions(other)


async def _somebody_waits(runtime):
    async with runtime.database.transaction() as session:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return await session.scalar(waiting)
