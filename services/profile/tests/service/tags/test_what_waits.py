"""A counted number, and why it is so, are the same before what waits is counted and after."""

import random

import pytest
from careloop_profile.tags.queries import facts

CODE = "service_calls_30d"


@pytest.fixture
def numbers(tags):
    """`await numbers(customer)`: the values of the tags that are numbers."""

    async def of(customer):
        found = {code: one["value"] for code, one in (await tags(customer)).items()}
        return {code: value for code, value in found.items() if type(value) in {int, float}}

    return of


@pytest.fixture
def counted_meanwhile(monkeypatch, count):
    """Whoever has read what is known of a person is overtaken by who counts."""
    reads = facts.read

    async def read(session, person_id):
        found = await reads(session, person_id)
        await count()
        return found

    monkeypatch.setattr(facts, "read", read)


async def test_what_is_counted_while_somebody_reads_is_not_missing(
    people, happen, numbers, explain, counted_meanwhile
):
    for person, read in ((people[0], numbers), (people[1], lambda one: explain(one, CODE))):
        await happen(person, "call")
        found = await read(person)
        assert (found.get(CODE) or found["value"]) == 1


async def test_what_a_tag_follows_from_is_of_the_look_that_gave_it(
    people, happen, explain, counted_meanwhile
):
    await happen(people[0], "complaint")
    why = await explain(people[0], "complained_7d")
    assert (why["value"], [one["value"] for one in why["inputs"]]) == (True, [1])


async def test_the_explanation_is_the_same_before_and_after(people, happen, count, explain):
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
