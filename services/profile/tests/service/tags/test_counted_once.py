"""What is counted of an interaction, whatever happens between storing and counting."""

import asyncio
import random
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_common.timers import DueTimer
from careloop_profile.interactions.policy import Row, microseconds
from careloop_profile.interactions.service import recording
from careloop_profile.interactions.wire import Envelope
from careloop_profile.tags import handlers
from careloop_profile.tags.queries import buckets
from careloop_profile.tags.service import counting, evaluating
from careloop_profile.tags.service.counting import Counting
from careloop_profile.tags.service.evaluating import Evaluator
from sqlalchemy import text

NOON = datetime.combine(clock.now().astimezone(UTC).date(), datetime.min.time(), UTC) + timedelta(hours=12)
DAY = timedelta(days=1)
_KNOWN = text(
    "SELECT metrics, lasts, first_seen_at, last_seen_at, channels FROM person_fact WHERE person_id = :id"
)


@contextmanager
def then(moment):
    """It is this moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield


@pytest.fixture
def store(runtime):
    """`await store(customer, moment, "payment", amount="-5")`: an interaction of that moment is stored."""
    known = recording.KnownCustomers()

    async def one(customer, moment, kind="call", channel="hotline", amount=""):
        who = customer["customer_id"]
        at = str(microseconds(moment))
        row = Row(ids.new_id().hex, who, "", "", channel, kind, at, "f", "", amount, "{}")
        async with runtime.database.transaction() as session:
            envelope = Envelope(microseconds(moment), 1, list(row))
            await recording.record(session, [envelope], known, now=moment)

    return one


@pytest.fixture
def count_at(runtime, evaluator):
    """`await count_at(moment, customer, …)`: what waits of these is counted as it would be then."""

    async def at(moment, *customers):
        with then(moment):
            await Counting(evaluator)._count(runtime, [UUID(one["customer_id"]) for one in customers])

    return at


@pytest.fixture
def known(runtime):
    async def of(person):
        async with runtime.database.transaction() as session:
            return (await session.execute(_KNOWN, {"id": person["customer_id"]})).one_or_none()

    return of


@pytest.fixture
def same_anew(known, look):
    """`await same_anew(moment, person)`: what is known is what summing all of it anew comes to; returns it."""

    async def check(moment, person):
        added = await known(person)
        await look(person, kind="time", now=moment)
        assert await known(person) == added
        return added

    return check


@pytest.fixture
def merge(client):
    """`undo = await merge(moment, one, other)`: these are one from then on, until `await undo(moment)`."""

    async def post(moment, path, **body):
        with then(moment):
            answer = await client.post(path, json=body | {"reason": "so it is"})
        assert answer.is_success, answer.text
        return answer.json()

    async def of(moment, one, other):
        path, body = f"/v1/customers/{one['customer_id']}/merges", {"customer_id": other["customer_id"]}
        made = await post(moment, path, **body)
        return lambda moment: post(moment, f"/v1/merges/{made['merge_id']}/undo")

    return of


async def test_customers_of_one_person_who_are_looked_at_one_after_the_other_are_added_once(
    people, merge, look, store, count_at, same_anew, monkeypatch
):
    one, other = people[:2]
    await merge(NOON - DAY, one, other)
    await look(one, other, kind="person", now=NOON - DAY)
    for moment in (NOON, NOON + timedelta(minutes=1)):
        for customer in people:
            await store(customer, moment, "complaint")
        monkeypatch.setattr(evaluating, "TOGETHER", 1)
        await count_at(moment, *people)
    assert (await same_anew(NOON, one)).metrics["complaint.7d"] == 4


async def test_a_day_that_was_there_before_it_began_does_not_keep_windows_from_moving(
    register, store, count_at, same_anew
):
    customer = await register(name="张伟")
    await store(customer, NOON - 6 * DAY, "complaint")
    await store(customer, NOON + DAY, "call")
    await count_at(NOON, customer)
    await store(customer, NOON + DAY, "call")
    await count_at(NOON + DAY, customer)
    assert "complaint.7d" not in (await same_anew(NOON + DAY, customer)).metrics


async def test_what_was_paid_and_paid_back_is_nothing_however_it_is_summed(
    register, store, count_at, same_anew
):
    customer = await register(name="张伟")
    for amount in ("0.1", "0.2", "-0.3", "0.3", "-0.3", "7", "-7"):
        await store(customer, NOON, "payment", amount=amount)
        await count_at(NOON, customer)
        await same_anew(NOON, customer)


async def test_who_left_and_who_came_at_the_same_time_are_not_taken_for_each_other(
    people, merge, look, store, count_at, same_anew
):
    first, left, came = people[:3]
    undo = await merge(NOON - DAY, first, left)
    await look(*people[:3], kind="person", now=NOON - DAY)
    for customer in (first, left, came):
        for _ in range(2):
            await store(customer, NOON, "complaint")
    await store(left, NOON, "complaint")
    await count_at(NOON, first, left, came)
    later = NOON + timedelta(minutes=1)
    await undo(later)
    await merge(later, first, came)
    await store(first, later, "complaint")
    await count_at(later, first)
    assert (await same_anew(later, first)).metrics["complaint.7d"] == 5


async def test_one_who_cannot_be_looked_at_stops_nobody_of_those_counted_with_him(
    people, happen, evaluator, runtime, monkeypatch, session, tags
):
    unlucky, looks = UUID(people[2]["customer_id"]), Evaluator.look
    for person in people:
        await happen(person, "complaint")

    async def look(self, session, ids, *given, **named):
        if unlucky in ids:
            raise ValueError(unlucky)
        return await looks(self, session, ids, *given, **named)

    monkeypatch.setattr(Evaluator, "look", look)
    with pytest.raises(ValueError, match=str(unlucky)):
        await Counting(evaluator).count(runtime)
    assert ["complained_7d" in await tags(person) for person in people] == [True, True, False, True, True]
    assert await buckets.waiting(session, 10) == ({unlucky: 1}, 1)


async def test_who_holds_the_table_of_what_waits_is_not_waited_for(
    people, happen, evaluator, runtime, monkeypatch, tags
):
    monkeypatch.setattr(counting, "SWEPT", 1)
    await happen(people[0], "complaint")
    async with runtime.database.transaction() as session:
        await session.execute(text("LOCK TABLE interaction_news IN SHARE UPDATE EXCLUSIVE MODE"))
        async with asyncio.timeout(10):
            await Counting(evaluator).count(runtime)
    assert "complained_7d" in await tags(people[0])


async def test_nobody_is_silent_of_whom_something_waits_to_be_counted(
    register, merge, look, store, count_at, evaluator, runtime, history, same_anew
):
    one, other = [await register(name=name, status="active") for name in ("张伟", "张玮")]
    await merge(NOON - 29 * DAY, one, other)
    await store(one, NOON - 29 * DAY)
    await count_at(NOON - 29 * DAY, one)
    await store(other, NOON)
    due = NOON + DAY
    async with runtime.database.transaction() as session:
        timer = DueTimer(1, "tags", UUID(one["customer_id"]), "look", 1, due, {})
        await handlers.Listener(evaluator).on_due(session, [timer], due)
    with then(due):
        assert await history(one, code="silent_30d") == []
    assert (await same_anew(due, one)).metrics["call.7d"] == 1


class Dice(random.Random):
    """What happens to some people."""

    def interaction(self, moment):
        kind = self.choice(["call", "payment", "recharge", "complaint", "refund", "no_rule_knows"])
        channel = self.choice(["hotline", "web", "web", "elsewhere"])
        amount = self.choice(["", "0.0001", "-0.0001", "99999.9999", "-12.5", "0"])
        return moment + self.choice([0, 0, 0, 0, 0, 1, -1, -8, -45, -300]) * DAY, kind, channel, amount

    def later(self, moment):
        return moment + self.choice([timedelta(minutes=1)] * 5 + [timedelta(hours=7), timedelta(hours=12)])

    async def kinship(self, moment, people, merge, merges):
        roll = self.random()
        if merges and roll < 0.3:
            await merges.pop()(moment)
        if roll < 0.15:
            merges.append(await merge(moment, *self.sample(people, 2)))


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_adding_comes_to_what_summing_comes_to(
    people, client, merge, look, store, count_at, same_anew, known, seed
):
    people, dice, moment, merges, stored = people[:3], Dice(seed), NOON - 3 * DAY, [], []
    for _ in range(30):
        moment = dice.later(moment)
        some = dice.sample(people, dice.randrange(1, 4))
        for person in [*some, *dice.choices(people, k=3)]:
            stored.append(dice.interaction(moment))
            await store(person, *stored[-1])
        await dice.kinship(moment, people, merge, merges)
        if dice.random() < 0.5:
            await look(*people, kind="person", now=moment)
        await count_at(moment + timedelta(seconds=1), *some)
        paths = [f"/v1/customers/{person['customer_id']}/profile" for person in people]
        seen = [(await client.get(path)).json()["activity"] for path in paths]
        assert sum(one["interactions"] for one in seen) == len(stored)
        paid = sum(Decimal(amount or 0) for _, kind, _, amount in stored if kind == "payment")
        assert sum(Decimal(one["amount"]) for one in seen) == paid
        for person in some:
            if await known(person):
                await same_anew(moment + timedelta(seconds=1), person)
