"""Who asks for a person is told all that is stored: what waits is counted before, once, whoever else counts."""

import asyncio
import random
from datetime import datetime
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_contracts import CustomerTagsChangedV1
from careloop_profile.customers import presence
from careloop_profile.tags.queries import buckets, facts
from careloop_profile.tags.service import catching_up
from careloop_profile.tags.service.evaluating import Evaluator
from prometheus_client import REGISTRY
from sqlalchemy import text

CODE = "service_calls_30d"
HOLD = text("SELECT FROM person_fact WHERE person_id = :id FOR UPDATE")
NEWS = text("SELECT FROM interaction_news WHERE customer_id = :id FOR UPDATE")
WRITING = text(f"SELECT pg_advisory_xact_lock({presence._WRITING})")
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
    behind = REGISTRY.get_sample_value("careloop_tags_behind_total")
    async with runtime.database.transaction() as session:
        await session.execute(HOLD, {"id": person["customer_id"]})
        async with asyncio.timeout(8):
            assert "complained_7d" not in await tags(person)
    assert REGISTRY.get_sample_value("careloop_tags_behind_total") == behind + 1
    assert "complained_7d" in await tags(person)


@pytest.fixture
def paths():
    """Whatever tells of a person what rules made of it."""

    def of(customer):
        start = f"/v1/customers/{customer['customer_id']}"
        return [
            f"{start}/{path}"
            for path in ("tags", "tags/complained_7d", "tag-history", "lifecycle", "lifecycle/moves")
        ]

    return of


@pytest.fixture
def meanwhile(runtime, waiting, client, paths):
    """`await meanwhile(customer, held, do)`: all is asked of a customer, and this is done before anybody can count."""

    async def ask(customer, held, do):
        async with runtime.database.transaction() as session:
            await session.execute(held, {"id": customer["customer_id"]})
            asked = asyncio.gather(*(client.get(path) for path in paths(customer)))
            await waiting(5)
            answer = await do()
            assert answer.is_success, answer.text
        return await asked

    return ask


async def test_whose_person_became_another_while_who_asks_waited_is_told_of_that_one(
    people, happen, meanwhile, client
):
    one, other = people[:2]
    await happen(other, "complaint")

    path = f"/v1/customers/{one['customer_id']}/merges"
    body = {"customer_id": other["customer_id"], "reason": "one man"}
    answers = await meanwhile(other, NEWS, lambda: client.post(path, json=body))
    assert [answer.status_code for answer in answers] == [200] * 5
    having, why, history, standing, _ = [answer.json() for answer in answers]
    persons = {found["person_id"] for found in (having, why, standing)}
    assert persons == {one["customer_id"]}
    assert having["items"]
    assert standing["stage"]
    assert history["items"]


async def test_of_whom_was_erased_while_who_asks_waited_there_is_nobody(people, happen, meanwhile, client):
    await happen(people[0], "complaint")

    body = {"customer_id": people[0]["customer_id"]}
    answers = await meanwhile(people[0], WRITING, lambda: client.post("/v1/erasure-requests", json=body))
    assert [answer.status_code for answer in answers] == [404] * 5


async def test_how_long_it_waits_for_others_is_as_before_afterwards(people, happen, runtime, evaluator):
    await happen(people[0], "complaint")
    patience = text("SELECT current_setting('lock_timeout')")
    async with runtime.database.transaction() as session:
        await session.execute(text("SET LOCAL lock_timeout = '7s'"))
        assert await catching_up.catch_up(session, evaluator, [UUID(people[0]["customer_id"])])
        assert await session.scalar(patience) == "7s"


async def test_many_who_ask_for_somebody_whom_others_have_are_in_nobodys_way(
    people, happen, runtime, client, paths
):
    await happen(people[0], "complaint")
    path, other = paths(people[0])[0], paths(people[1])[0]
    async with runtime.database.transaction() as session:
        await session.execute(HOLD, {"id": people[0]["customer_id"]})
        async with asyncio.timeout(15):
            answers = await asyncio.gather(*(client.get(path) for _ in range(80)), client.get(other))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_tag_that_there_is_not_is_no_reason_to_count(people, happen, client, paths, session):
    await happen(people[0], "complaint")
    assert (await client.get(f"{paths(people[0])[0]}/nothing_such")).status_code == 404
    assert (await buckets.waiting(session, 10)).news == 1


async def test_what_is_written_is_of_the_moment_in_which_nobody_else_has_the_person(
    people, happen, client, paths, runtime, waiting, monkeypatch
):
    """Whoever looked while somebody waited was not later."""
    patient = text("SELECT '0' AS before, set_config('lock_timeout', '20s', true)")
    monkeypatch.setattr(catching_up, "_SOON", patient)
    person = people[0]
    await happen(person, "call")
    async with runtime.database.transaction() as session:
        await session.execute(HOLD, {"id": person["customer_id"]})
        asked = asyncio.ensure_future(client.get(paths(person)[0]))
        await waiting(1)
        later = clock.now()
    found = {one["code"]: one for one in (await asked).json()["items"]}
    assert datetime.fromisoformat(found["called_7d"]["since"]) > later


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
