"""Who asks for a person is told all that is stored: what waits is counted before, once, whoever else counts."""

import asyncio
import random
from uuid import UUID

import pytest
from careloop_contracts import CustomerTagsChangedV1
from careloop_profile.tags.queries import buckets, facts
from careloop_profile.tags.service.evaluating import Evaluator
from sqlalchemy import text

CODE = "service_calls_30d"
HOLD = text("SELECT FROM person_fact WHERE person_id = :id FOR UPDATE")
COUNTED = text("SELECT sum(count) FROM metric_bucket WHERE customer_id = :id")


@pytest.fixture
def numbers(tags):
    """`await numbers(customer)`: the values of the tags that are numbers."""

    async def of(customer):
        found = {code: one["value"] for code, one in (await tags(customer)).items()}
        return {code: value for code, value in found.items() if type(value) in {int, float}}

    return of


@pytest.fixture
def complains_meanwhile(monkeypatch, happen, count, people):
    """Whoever has read what is known of a person to whom nothing had happened is overtaken by who counts a complaint."""
    reads, left = facts.read, people[:1]

    async def read(session, person_id):
        found = await reads(session, person_id)
        if left:
            await happen(left.pop(), "complaint")
            await count()
        return found

    monkeypatch.setattr(facts, "read", read)


async def test_what_a_tag_follows_from_is_of_the_look_that_gave_it(people, explain, complains_meanwhile):
    why = await explain(people[0], "complained_7d")
    assert (why["value"], [one["value"] for one in why["inputs"]]) == (True, [1])


async def test_whatever_is_asked_for_first_has_it_and_it_is_told_once(
    people, client, happen, count, tags, explain, history, published, worker_running, eventually
):
    questions = [
        tags,
        lambda one: explain(one, "complained_7d"),
        history,
        lambda one: client.get(f"/v1/customers/{one['customer_id']}/lifecycle"),
        lambda one: client.get(f"/v1/customers/{one['customer_id']}/lifecycle/moves"),
    ]
    for person, ask in zip(people, questions, strict=True):
        await happen(person, "complaint")
        await ask(person)
    await count()
    for person in people:
        (line,) = await history(person, code="complained_7d")
        assert (line["before"], line["after"], line["cause"]["kind"]) == (None, True, "interaction")
        found = (await tags(person))["complained_7d"]
        assert (found["since"], found["cause"]) == (line["at"], line["cause"])

    async def told():
        having = [
            event.person_id
            for event in await published(CustomerTagsChangedV1)
            if any(one.code == "complained_7d" for one in event.items)
        ]
        return sorted(map(str, having)) == sorted(one["customer_id"] for one in people)

    async with worker_running():
        await eventually(told)


async def test_many_who_ask_while_others_count_count_nothing_twice(
    people, happen, count, tags, history, session, together
):
    person = people[0]
    for _ in range(5):
        await happen(person, "complaint", times=3)
        answers = await together(count(), *(tags(person) for _ in range(6)), count())
        assert not [one for one in answers if isinstance(one, Exception)]
        assert "complained_7d" in await tags(person)
    assert len(await history(person, code="complained_7d")) == 1
    assert await session.scalar(COUNTED, {"id": person["customer_id"]}) == 15
    assert (await tags(person))["interactions_30d"]["value"] == 15


async def test_who_asks_while_somebody_has_the_person_is_soon_told_what_was_known_before(
    people, happen, tags, runtime
):
    person = people[0]
    await happen(person, "complaint")
    async with runtime.database.transaction() as session:
        await session.execute(HOLD, {"id": person["customer_id"]})
        async with asyncio.timeout(3):
            assert "complained_7d" not in await tags(person)
    assert "complained_7d" in await tags(person)


async def test_who_cannot_be_looked_at_can_be_read_and_what_waits_of_it_is_not_lost(
    people, happen, tags, session, monkeypatch
):
    await happen(people[0], "complaint")
    before = await tags(people[0])

    async def look(*given, **named):
        raise ValueError

    monkeypatch.setattr(Evaluator, "look", look)
    await happen(people[0], "payment", amount="5")
    assert await tags(people[0]) == before
    assert await buckets.waiting(session, 10) == ({UUID(people[0]["customer_id"]): 1}, 1)
    monkeypatch.undo()
    assert (await tags(people[0]))["spend_30d"]["value"] == 5


async def test_the_explanation_is_the_same_for_who_asks_first_and_after(people, happen, count, explain):
    await happen(people[0], "call", days=20)
    before = await explain(people[0], CODE)
    await count()
    after = await explain(people[0], CODE)
    names = ("value", "inputs", "changes_at")
    assert [before[name] for name in names] == [after[name] for name in names]
    assert before["changes_at"]
    assert before["inputs"][0]["sources"][0]["at"]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_numbers_are_the_same_before_and_after(
    people, client, look, happen, count, numbers, seed
):
    dice, some = random.Random(seed), people[:3]
    for step in range(12):
        for person in dice.choices(some, k=3):
            await happen(
                person,
                dice.choice(["call", "payment", "recharge", "refund", "no_rule_knows"]),
                amount=dice.choice(["", "0.0001", "-0.0001", "99999999.9999", "-12.5"]),
                channel=dice.choice(["hotline", "web", "elsewhere"]),
                days=dice.choice([0, 0, 0, 1, 6, 8, 29, 31, 89, 91, 500]),
            )
        if step == 5:
            path = f"/v1/customers/{some[0]['customer_id']}/merges"
            await client.post(path, json={"customer_id": some[1]["customer_id"], "reason": "one man"})
            await look(*some[:2], kind="person")
        before = [await numbers(person) for person in some]
        await count()
        assert before == [await numbers(person) for person in some]
    assert all(before)
