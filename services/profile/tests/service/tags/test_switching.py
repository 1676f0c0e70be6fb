"""A version comes into force or is retired at once; everybody's history is told of it stretch by stretch."""

from itertools import pairwise

import pytest
from careloop_common import clock, zones
from careloop_contracts import CustomerTagRetiredV1, CustomerTagSwitchedV1
from careloop_profile.tags.service import filling
from careloop_profile.tags.service.recording import record
from sqlalchemy import text

NOW = clock.now()
YEAR = zones.day_of(NOW, "Asia/Shanghai").year


@pytest.fixture
def step(runtime):
    """`await step(filling.fill)`: one step; whether there may be more."""

    async def one(what, limit=2):
        async with runtime.database.transaction() as session:
            return await what(session, now=NOW, limit=limit)

    return one


@pytest.fixture
def switch(propose, publish, step, client):
    """`await switch("grown", rule=…)`: a version is in force, and nobody's history knows of it."""

    async def put(code, **facts):
        version = await propose(code, **facts)
        assert (await publish(version)).status_code == 200
        while (await client.get(f"/v1/tag-definitions/{code}")).json()["items"][0]["state"] == "filling":
            assert await step(filling.fill)

    return put


@pytest.fixture
def lines(runtime):
    """`await lines("grown")`: what has been written down, by person."""

    async def read(code):
        statement = text(
            "SELECT person_id, before, after FROM tag_history WHERE code = :code ORDER BY number"
        )
        async with runtime.database.transaction() as session:
            rows = await session.execute(statement, {"code": code})
            return [(str(person), before, after) for person, before, after in rows]

    return read


@pytest.fixture
def age(client, look):
    """`await age(person, 20)`: the person is of another age, and looked at."""

    async def put(person, years):
        body = {"birth_date": f"{YEAR - years}-01-01"}
        answer = await client.patch(f"/v1/customers/{person['customer_id']}", json=body)
        assert answer.status_code == 200, answer.text
        await look(person)

    return put


def of(person, before, after):
    return person["customer_id"], before, after


async def test_a_switch_is_written_down_in_steps_that_a_limit_bounds(people, switch, step, lines, tags):
    await switch("grown", rule="age >= 18")
    assert await lines("grown") == []
    assert ["grown" in await tags(person) for person in people] == [False, True, True, True, True]
    written = [0]
    while await step(record):
        written.append(len(await lines("grown")))
    assert max(after - before for before, after in pairwise(written)) <= 2
    assert await lines("grown") == [of(person, None, True) for person in people[1:]]
    assert not await step(record)


async def test_who_reads_meanwhile_is_told_what_is_still_to_be_written(
    people, switch, step, history, tags, explain
):
    await switch("grown", rule="age >= 18")

    async def told():
        had = (await tags(people[4]))["grown"]
        why = await explain(people[4], "grown")
        return await history(people[4]), await history(people[4], code="grown"), had, why["since"]

    before = await told()
    assert before[1][0]["after"] is True
    assert before[2]["since"] == before[3] == before[1][0]["at"]
    while await step(record):
        assert await told() == before


async def test_pages_of_a_history_have_what_is_to_come_once(people, switch, client):
    await switch("grown", rule="age >= 18")
    path, codes, cursor = f"/v1/customers/{people[4]['customer_id']}/tag-history", [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        found = (await client.get(path, params=params)).json()
        codes += [one["code"] for one in found["items"]]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert codes[0] == "grown"
    assert codes.count("grown") == 1
    assert len(codes) > 2


async def test_what_changes_after_the_switch_comes_after_it_in_the_history(
    people, switch, step, lines, age, fill
):
    await switch("grown", rule="age >= 18")
    await age(people[4], 12)
    await age(people[0], 40)
    assert await lines("grown") == [
        of(people[4], None, True),
        of(people[4], True, None),
        of(people[0], None, True),
    ]
    await fill()
    found = await lines("grown")
    assert found[3:] == [of(person, None, True) for person in people[1:4]], "those are done"


async def test_who_has_it_by_either_version_gets_no_line_whatever_else_changes(
    people, switch, fill, lines, age
):
    for code, rule in (("grown", "age >= 18"), ("beside_it", "age >= 65")):
        await switch(code, rule=rule)
        await fill()
    before = await lines("grown")
    await switch("grown", rule="age >= 40")
    await age(people[3], 60)
    assert (await lines("beside_it"))[-1] == of(people[3], True, None)
    await fill()
    assert (await lines("grown"))[len(before) :] == [of(people[1], True, None)]


async def test_a_customer_of_after_the_switch_has_one_line(people, switch, register, look, fill, lines):
    await switch("grown", rule="age >= 18")
    late = await register(name="李四", birth_date="1950-01-01", status="active")
    await look(late)
    await fill()
    assert [one for one in await lines("grown") if one[0] == late["customer_id"]] == [of(late, None, True)]


async def test_who_is_merged_meanwhile_loses_what_the_switch_gave(people, switch, client, look, fill, lines):
    await switch("grown", rule="age >= 18")
    path = f"/v1/customers/{people[3]['customer_id']}/merges"
    answer = await client.post(path, json={"customer_id": people[4]["customer_id"], "reason": "one man"})
    assert answer.status_code < 300, answer.text
    await look(people[3], people[4], kind="person")
    await fill()
    found = [one for one in await lines("grown") if one[0] == people[4]["customer_id"]]
    assert found == [of(people[4], None, True), of(people[4], True, None)]


async def test_the_end_of_a_tag_is_written_down_in_steps_too(people, client, step, lines, age, fill, history):
    had = await lines("elderly")
    assert (await client.post("/v1/tag-definitions/elderly/retire")).status_code == 200
    assert await lines("elderly") == had
    [told, *_] = await history(people[3], code="elderly")
    assert (told["before"], told["after"], told["cause"]["by"]) == (True, None, told["cause"]["by"])
    await age(people[3], 20)
    assert (await lines("elderly"))[len(had) :] == [of(people[3], True, None)]
    await fill()
    assert (await lines("elderly"))[len(had) :] == [of(person, True, None) for person in people[3:]]
    assert (await history(people[3], code="elderly"))[0] == told


async def test_nothing_else_becomes_of_a_tag_until_everybody_s_history_knows(
    people, switch, propose, publish, client, step, fill, lines
):
    await switch("grown", rule="age >= 18")
    refused = await client.post("/v1/tag-definitions/grown/retire")
    assert (refused.status_code, refused.json()["code"]) == (409, "tag_switching")
    assert (await publish(await propose("grown", rule="age >= 60"))).status_code == 200
    assert not await step(filling.fill), "it waits"
    await fill()
    assert (await lines("grown"))[4:] == [of(person, True, None) for person in people[1:3]]
    assert (await client.post("/v1/tag-definitions/grown/retire")).status_code == 200


async def test_a_tag_that_comes_again_after_its_end_begins_anew(people, client, switch, fill, lines):
    had = len(await lines("elderly"))
    await client.post("/v1/tag-definitions/elderly/retire")
    await fill()
    await switch("elderly", rule="age >= 80")
    await fill()
    assert (await lines("elderly"))[had + 2 :] == [of(people[4], None, True)]


async def test_others_are_told_of_a_version_in_force_and_of_the_end_of_a_tag_once(
    people, propose, publish, client, eventually, published, worker_running
):
    cases = [{"value": "old", "rule": "age >= 60"}, {"value": "young", "rule": "age < 30"}]
    await publish(await propose("generation", value_type="text", cases=cases))

    async def told(kind):
        events = [one for one in await published(kind) if one.code == "generation"]
        assert len(events) == 1, events
        return events[0]

    async def retired():
        answer = await client.post("/v1/tag-definitions/generation/retire")
        assert answer.status_code == 200, answer.text
        return True

    async with worker_running():
        event = await eventually(lambda: told(CustomerTagSwitchedV1))
        assert (event.version, event.previous_version, event.having) == (1, None, 3)
        assert event.values == ("old", "young")
        await eventually(retired)
        end = await eventually(lambda: told(CustomerTagRetiredV1))
        assert (end.version, end.key_value) == (1, "generation")
        assert await told(CustomerTagSwitchedV1) == event
