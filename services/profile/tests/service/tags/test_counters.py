"""A customer's counters are what happened, wherever it is: waiting, in its day, or in the sums of days that are no more."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile.interactions import queries as interactions
from careloop_profile.tags.queries import buckets
from sqlalchemy import text

NOW = clock.now()
DAY = timedelta(days=1)
ALL = 1_000
_ROWS = text("""
    SELECT channel, kind, coalesce(amount, 0) AS amount, occurred_at FROM interaction
    WHERE customer_id = ANY(:ids) ORDER BY channel
""")


def keys(*customers):
    return [UUID(customer["customer_id"]) for customer in customers]


def counted(rows):
    """The counters that these interactions come to."""
    return [
        {
            "channel": channel,
            "interactions": len(some),
            "payments": sum(row.kind == "payment" for row in some),
            "amount": sum((row.amount for row in some if row.kind == "payment"), Decimal(0)),
            "complaints": sum(row.kind == "complaint" for row in some),
            "first_at": min(row.occurred_at for row in some),
            "last_at": max(row.occurred_at for row in some),
        }
        for channel, group in groupby(rows, key=lambda row: row.channel)
        for some in [list(group)]
    ]


@pytest.fixture
def fold(runtime):
    async def some(*customers):
        async with runtime.database.transaction() as session:
            return await buckets.fold(session, keys(*customers), NOW)

    return some


@pytest.fixture
def forget(runtime):
    """`await forget(days, limit)`: keep only the sums of what is older; returns how many counts are gone."""

    async def older(days, limit=ALL):
        async with runtime.database.transaction() as session:
            return await buckets.forget(session, NOW - days * DAY, limit)

    return older


@pytest.fixture
def right(runtime):
    """`await right(customer, …)`: the counters of each, and of all together, are what their interactions come to."""

    async def check(*customers):
        async with runtime.database.transaction() as session:
            for some in [keys(one) for one in customers] + [keys(*customers)]:
                rows = (await session.execute(_ROWS, {"ids": some})).all()
                assert [row._asdict() for row in await interactions.activity(session, some)] == counted(rows)
            found = await buckets.done(session, keys(*customers), NOW - 400 * DAY, NOW.date())
            for customer in customers:
                rows = (await session.execute(_ROWS, {"ids": keys(customer)})).all()
                assert _ever(found[UUID(customer["customer_id"])]) == _seen(rows)

    return check


def _ever(done):
    return buckets.joined([done.ever]) if done.ever else None


def _seen(rows):
    if not rows:
        return None
    moments = [row.occurred_at for row in rows]
    return min(moments), max(moments), sorted({row.channel for row in rows})


class Dice(random.Random):
    """What happens to some people."""

    def interaction(self):
        kind = self.choice(["payment", "payment", "complaint", "call", "no_rule_knows"])
        amount = f"{self.randrange(-(10**15), 10**15) / Decimal(10_000):f}" if self.random() < 0.8 else ""
        days = self.choice([0, 0, 1, 2, 30, 399, 400, 401, 500])
        return {"days": days, "channel": self.choice(["web", "hotline", "elsewhere"])}, kind, amount


@pytest.mark.parametrize("seed", range(8))
async def test_counters_are_what_happened_whatever_was_counted_and_forgotten(
    people, happen, fold, forget, right, session, seed
):
    dice = Dice(seed)
    for _ in range(25):
        for person in dice.choices(people[:3], k=dice.randrange(5)):
            where, kind, amount = dice.interaction()
            await happen(person, kind, amount=amount, times=dice.randrange(1, 4), **where)
        if dice.random() < 0.6:
            await fold(*dice.sample(people, dice.randrange(1, 5)))
        if dice.random() < 0.3:
            await forget(dice.choice([0, 1, 30, 399, 400]), dice.choice([1, 3, ALL]))
        await right(*people[:4])
    await fold(*people)
    await forget(-1)
    assert await session.scalar(text("SELECT count(*) FROM metric_bucket")) == 0
    await right(*people[:4])


async def test_of_days_that_no_rule_asks_for_the_sums_are_kept(people, happen, fold, forget, right, session):
    for days in (0, 2, 3, 4):
        await happen(people[0], "payment", days=days, amount="0.1", times=3)
        await happen(people[0], "complaint", days=days, channel="web")
    await fold(people[0])
    assert await forget(2) == 4
    kept = (
        "SELECT channel, interactions, payments, amount, complaints FROM customer_activity ORDER BY channel"
    )
    assert [tuple(row) for row in await session.execute(text(kept))] == [
        ("hotline", 6, 6, Decimal("0.6000"), 0),
        ("web", 2, 0, Decimal("0.0000"), 2),
    ]
    days = await session.scalars(text("SELECT DISTINCT day FROM metric_bucket ORDER BY day DESC"))
    assert days.all() == [(NOW - days * DAY).date() for days in (0, 2)]
    assert await forget(2) == 0
    await right(people[0])


async def test_a_day_that_somebody_just_adds_to_is_forgotten_the_next_time(
    people, happen, forget, fold, right, runtime
):
    for person in people[:2]:
        await happen(person, "payment", days=500, amount="1")
    await fold(*people)
    await happen(people[0], "payment", days=500, amount="2")
    async with runtime.database.transaction() as session:
        await buckets.fold(session, keys(people[0]), NOW)
        assert await forget(400) == 1
    await right(*people[:2])
    assert await forget(400) == 1
    await right(*people[:2])


async def test_who_adds_to_a_day_that_is_just_forgotten_begins_it_anew(
    people, happen, fold, right, runtime, waiting, together, session
):
    await happen(people[0], "payment", days=500, amount="1")
    await fold(people[0])
    await happen(people[0], "payment", days=500, amount="2", times=2)
    begun = asyncio.Event()

    async def forgetting():
        async with runtime.database.transaction() as other:
            gone = await buckets.forget(other, NOW - 400 * DAY, ALL)
            begun.set()
            await waiting(1)
        return gone

    async def folding():
        await begun.wait()
        return len(await fold(people[0]))

    assert await together(forgetting(), folding()) == [1, 1]
    assert await session.scalar(text("SELECT sum(count) FROM metric_bucket")) == 2
    await right(people[0])


async def test_who_counts_and_who_forgets_at_once_neither_lose_nor_double_anything(
    people, happen, fold, forget, right, together
):
    dice = random.Random(1)
    for _ in range(10):
        for person in people:
            for days in dice.sample(range(401, 405), 3):
                await happen(person, "payment", days=days, amount="0.1")
        dice.shuffle(people)
        jobs = [fold(*people[:3]), forget(400), fold(*people[2:]), forget(400, 4)]
        assert not any(isinstance(one, Exception) for one in await together(*jobs))
        await right(*people)
