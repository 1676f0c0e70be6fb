"""What messages say of customers: the latest word counts, and who is called the same is one person unless a guard says no."""

import asyncio
import random
from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_profile.collection.service.applying import Applier
from careloop_profile.collection.service.collecting import FIELD
from careloop_profile.collection.wire import Said, encode
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.interactions.policy import message_uid, microseconds
from sqlalchemy import text

NOW = clock.now().replace(microsecond=0)
PERSONS = "SELECT customer_id, person_id FROM person_member"


@pytest.fixture
def said(runtime):
    """`said("u-1", minutes, traits)`: a word about a customer as it travels."""

    def make(external_id, minutes, traits=None, *, uid=None, rule="", other="", role="user"):
        source = "web-shop" if role == "user" else f"web-shop.{role}"
        key = customer_id_of(source, external_id)
        sealed = runtime.vault.seal(key, FIELD, encode(traits).decode()) if traits else ""
        at = microseconds(NOW - timedelta(minutes=minutes))
        uid = uid or message_uid(at, external_id, repr(traits), other)
        return Said(uid, at, str(key), source, external_id, role, sealed, rule, other)

    return make


@pytest.fixture
def apply(runtime):
    """`await apply(said, …)`: one envelope, as the worker takes it."""
    applier = Applier(runtime.vault, "CN", "Asia/Shanghai")

    async def run(*said):
        async with runtime.database.transaction() as session:
            await applier.apply(session, said, now=clock.now())

    return run


@pytest.fixture
def identify(apply, said):
    """`await identify("u-1", "a-1")`: a message that says who is behind an anonymous id."""

    async def run(user, anonymous):
        await apply(said(user, 1, rule="segment_identify", other=anonymous))

    return run


async def test_traits_become_facts_and_attributes_of_the_customer(
    send, message, customer, worker_running, eventually
):
    traits = {"firstName": "伟", "lastName": "张", "phone": "138 0123 4567", "email": "Wei.Zhang@huaxing.cn"}
    traits |= {
        "address": {"state": "广东省", "city": "深圳市", "street": "南山区科苑路15号"},
        "birthday": "1990-01-05",
    }
    traits |= {
        "loyaltyPoints": 12,
        "company": {"name": "华星", "plan": None},
        "tags": ["a", "b"],
        "username": "w",
    }
    await send(message("identify", 2, traits=traits))
    async with worker_running():
        await eventually(lambda: _true(customer("u-1")))
        assert (await customer("u-1"))["email"] == "wei.zhang@huaxing.cn"
        await send(message("identify", 1, traits={"email": None, "loyaltyPoints": None, "phone": "nonsense"}))
        await eventually(lambda: _is(customer("u-1"), "email", None))
    known = await customer("u-1")
    assert (known["name"], known["phone"]) == ("张伟", "+8613801234567")
    assert (known["birth_date"], known["address"]) == ("1990-01-05", "广东省深圳市南山区科苑路15号")
    assert known["attributes"] == {"company_name": "华星", "tags": "a, b"}


async def test_personal_traits_are_sealed_wherever_they_go(send, message, broker, rows):
    await send(
        message("identify", 1, traits={"phone": "13801234567"}), message("shout", 2, phone="13801234567")
    )
    for sent in await broker.messages("CARE_INBOUND"):
        assert b"3801234567" not in sent.data
    [letter] = await rows("SELECT detail, body_sealed FROM interaction_dead_letter")
    assert b"3801234567" not in letter.body_sealed
    assert "3801234567" not in letter.detail


async def test_the_latest_word_counts_in_whatever_order_words_come(apply, said, customer):
    dice = random.Random(7)
    for run in range(25):
        user = f"u-{run}"
        words = [
            (minutes, {name: f"{name}-{minutes}-{number}"})
            for number in range(12)
            for minutes, name in [(dice.randrange(4), dice.choice("abc"))]
        ]
        sent = [said(user, *word) for word in words]
        ordered = sorted(zip(sent, words, strict=True), key=lambda pair: (pair[0].at, pair[0].uid))
        oracle = {name: value for _, (_, traits) in ordered for name, value in traits.items()}
        sent += dice.sample(sent, 4)
        dice.shuffle(sent)
        while sent:
            some = [sent.pop() for _ in range(min(len(sent), dice.randrange(1, 5)))]
            await apply(*some)
        assert (await customer(user))["attributes"] == oracle


async def test_an_anonymous_visitor_is_a_customer_and_becomes_who_he_says_he_is(
    send, message, customer, rows, worker_running, eventually
):
    await send(message("track", 3, event="Browsed", anonymousId="a-1"))
    async with worker_running():
        await eventually(lambda: _true(customer("a-1", "web-shop.anonymous")))
        await eventually(lambda: _count(rows, "SELECT 1 FROM interaction", 1))
        assert (await customer("a-1", "web-shop.anonymous"))["status"] == "prospect"
        await send(message("identify", 2, userId="u-1", anonymousId="a-1", traits={"plan": "5G"}))
        await eventually(lambda: _count(rows, PERSONS, 2))
    [evidence] = await rows("SELECT method, rule FROM identity_evidence")
    assert tuple(evidence) == ("deterministic", "segment_identify")


async def test_a_device_of_two_users_stays_with_the_first(identify, rows):
    await identify("u-1", "a-1")
    await identify("u-2", "a-1")
    await identify("u-1", "a-2")
    persons = {row.customer_id for row in await rows(PERSONS)}
    keys = [("web-shop", "u-1"), ("web-shop.anonymous", "a-1"), ("web-shop.anonymous", "a-2")]
    assert persons == {customer_id_of(*key) for key in keys}
    assert len(await rows("SELECT 1 FROM customer WHERE external_id = 'u-2'")) == 1


async def test_an_alias_joins_a_visitor_or_a_former_name_of_a_user(apply, said, rows):
    await apply(said("a-1", 9, role="anonymous"), said("u-0", 8))
    await apply(said("u-1", 1, rule="segment_alias", other="a-1"))
    await apply(said("u-1", 1, rule="segment_alias", other="u-0"))
    await apply(said("u-2", 1, rule="segment_alias", other="u-0"))
    assert len({row.person_id for row in await rows(PERSONS)}) == 1
    assert len(await rows(PERSONS)) == 3


async def test_an_alias_knows_the_user_who_is_heard_of_in_the_same_breath(apply, said, rows):
    await apply(said("u-0", 8), said("u-1", 1, rule="segment_alias", other="u-0"))
    persons = {row.customer_id for row in await rows(PERSONS)}
    assert persons == {customer_id_of("web-shop", "u-0"), customer_id_of("web-shop", "u-1")}
    assert len(await rows("SELECT 1 FROM customer")) == 2


async def test_words_that_come_again_change_nothing(apply, said, rows):
    words = [said("u-1", 2, {"plan": "5G"}), said("u-1", 1, rule="segment_identify", other="a-1")]
    await apply(*words)
    before = await rows("SELECT id, version, attributes FROM customer ORDER BY id")
    await apply(*words)
    await apply(*reversed(words))
    assert await rows("SELECT id, version, attributes FROM customer ORDER BY id") == before
    assert len(await rows("SELECT 1 FROM identity_merge")) == 1


async def test_too_much_about_one_customer_is_put_aside_alone(
    send, message, rows, worker_running, eventually, customer
):
    many = {f"trait_{number}": number for number in range(201)}
    await send(
        message("identify", 1, traits={"plan": "4G"}),
        message("identify", 2, userId="u-2", traits=many),
        message("identify", 3, userId="u-3", traits={"plan": "5G"}),
    )
    async with worker_running():
        await eventually(lambda: _true(customer("u-3")))
        await eventually(lambda: _count(rows, "SELECT 1 FROM dead_letter", 1))
    assert (await customer("u-1"))["attributes"] == {"plan": "4G"}
    assert await customer("u-2") is None


async def test_two_workers_at_once_end_as_one_would(runtime, said, customer):
    applier = Applier(runtime.vault, "CN", "Asia/Shanghai")
    words = [said(f"u-{number % 3}", number, {"a": number, "b": number}) for number in range(30)]
    words += [said(f"u-{number}", 1, rule="segment_identify", other=f"a-{number}") for number in range(3)]

    async def work(some):
        for start in range(0, len(some), 4):
            async with runtime.database.transaction() as session:
                await session.execute(text("SET LOCAL lock_timeout = '5s'"))
                await applier.apply(session, some[start : start + 4], now=clock.now())

    await work(words[-3:])
    await asyncio.gather(work(words), work(words[::-1]))
    for number in range(3):
        assert (await customer(f"u-{number}"))["attributes"] == {"a": number, "b": number}


async def _true(found):
    return await found is not None


async def _is(found, member, value):
    return (await found)[member] == value


async def _count(rows, sql, number):
    return len(await rows(sql)) == number
