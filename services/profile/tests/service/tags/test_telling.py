"""A counted number says the latest at any moment; of one that moves all the time its steps are told as one."""

from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_contracts import CustomerTagsChangedV1
from careloop_profile.tags.service import counting, walking
from careloop_profile.tags.service.counting import Counting
from sqlalchemy import text

CODE = "service_calls_30d"
OWED = text("SELECT count(*) FROM person_fact WHERE tell_at IS NOT NULL")


@pytest.fixture
def tell(runtime, evaluator):
    """`await tell()`: who went quiet is told of; as if that were long enough ago."""

    async def all_of_them(after="1 hour"):
        async with runtime.database.transaction() as session:
            await session.execute(text(f"UPDATE person_fact SET tell_at = tell_at - interval '{after}'"))
        await Counting(evaluator).tell(runtime)

    return all_of_them


@pytest.fixture
def steps(history):
    async def of(customer):
        lines = await history(customer, code=CODE)
        return [(line["before"], line["after"]) for line in reversed(lines)]

    return of


async def test_the_number_is_the_latest_and_its_steps_are_told_once_who_moved_it_went_quiet(
    people, happen, count, tags, explain, steps, tell, published, worker_running, eventually
):
    person = people[0]
    for times in (1, 2, 3):
        await happen(person, "call", times=times)
        await count()
    assert (await tags(person))[CODE]["value"] == 6
    assert (await explain(person, CODE))["value"] == 6
    assert await steps(person) == [(None, 1)]
    await tell(after="0 s")
    assert await steps(person) == [(None, 1)]
    await tell()
    assert await steps(person) == [(None, 1), (1, 6)]

    async def said():
        return [
            (event.cause, one.previous, one.current)
            for event in await published(CustomerTagsChangedV1)
            for one in event.items
            if one.code == CODE
        ]

    async with worker_running():
        await eventually(lambda: _equal(said, [("interaction", None, 1), ("interaction", 1, 6)]))
    found = (await tags(person))[CODE]
    assert 'count("call", "30d")' in found["cause"]["changed"]
    await tell()
    assert len(await steps(person)) == 2


async def _equal(read, expected):
    return await read() == expected


async def test_the_number_says_what_is_stored_before_it_is_counted(
    people, look, happen, count, tags, explain, client
):
    one, other = people[:2]
    path = f"/v1/customers/{one['customer_id']}/merges"
    await client.post(path, json={"customer_id": other["customer_id"], "reason": "one man"})
    await look(one, other, kind="person")
    await happen(one, "call", days=1, times=2)
    await count()
    await happen(other, "call")
    await happen(one, "call", days=29)
    await happen(one, "call", days=31)
    await happen(one, "payment", amount="12.5")
    for person in (one, other):
        theirs = await tags(person)
        values = [
            theirs[code]["value"] for code in (CODE, "interactions_30d", "active_days_30d", "spend_30d")
        ]
        assert values == [4, 5, 3, 12.5]
        why = await explain(person, CODE)
        assert (why["value"], why["inputs"][0]["value"]) == (4, 4)
    await count()
    assert {code: found["value"] for code, found in (await tags(one)).items()}.items() >= {
        CODE: 4,
        "interactions_30d": 5,
        "active_days_30d": 3,
        "spend_30d": 12.5,
    }.items()


async def test_another_tag_is_told_at_once_without_the_steps(people, happen, count, steps, history):
    person = people[0]
    await happen(person, "call")
    await count()
    await happen(person, "call")
    await happen(person, "complaint")
    await count()
    assert len(await history(person, code="complained_7d")) == 1
    assert await steps(person) == [(None, 1)]


async def test_what_is_told_late_is_told_when_somebody_looks_for_another_reason(
    people, happen, count, look, steps, runtime
):
    person = people[0]
    for _ in range(2):
        await happen(person, "call")
        await count()
    await look(person)
    assert await steps(person) == [(None, 1)]
    async with runtime.database.transaction() as session:
        await session.execute(text("UPDATE person_fact SET tell_at = tell_at - interval '1 hour'"))
    await look(person)
    assert await steps(person) == [(None, 1), (1, 2)]


async def test_a_version_that_counts_something_else_is_previewed_against_the_latest_number(
    client, people, happen, count
):
    for _ in range(2):
        await happen(people[0], "call")
        await count()
    body = {"code": CODE, "kind": "aggregate", "value_type": "number", "of": 'count("call", "30d")'}
    answer = await client.post("/v1/tag-definitions/preview", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["now_having"], answer.json()["changed"]) == (1, 0)


async def test_the_history_names_what_brought_a_tag_about_not_the_steps_that_wait(
    people, happen, count, history
):
    for _ in range(2):
        await happen(people[0], "call")
        await count()
    await happen(people[0], "complaint")
    await count()
    (line,) = await history(people[0], code="complained_7d")
    assert not [name for name in line["cause"]["changed"] if '"call"' in name]


async def test_who_cannot_be_told_of_stops_nobody_else(
    people, happen, count, tell, steps, evaluator, monkeypatch, session, runtime
):
    unlucky, looks = UUID(people[2]["customer_id"]), evaluator.look
    for _ in range(2):
        for person in people:
            await happen(person, "call")
        await count()
    assert await session.scalar(OWED) == len(people)

    async def look(session, ids, *given, **named):
        if unlucky in ids:
            raise RuntimeError
        return await looks(session, ids, *given, **named)

    monkeypatch.setattr(evaluator, "look", look)
    monkeypatch.setattr(counting, "TOGETHER", 1)
    ago = text("UPDATE person_fact SET tell_at = tell_at - interval '1 day' WHERE person_id = :id")
    async with runtime.database.transaction() as other:
        await other.execute(ago, {"id": unlucky})
    with pytest.raises(RuntimeError):
        await tell()
    assert [len(await steps(person)) for person in people] == [2, 2, 1, 2, 2]
    monkeypatch.undo()
    await tell()
    assert await steps(people[2]) == [(None, 1), (1, 2)]


async def test_steps_of_which_nobody_asks_any_more_wait_no_longer(
    people, happen, count, tell, session, runtime
):
    for _ in range(2):
        await happen(people[0], "call")
        await count()
    retired = "UPDATE tag_definition SET state = 'retired', recorded_at = now() WHERE kind = 'aggregate'"
    async with runtime.database.transaction() as other:
        await other.execute(text(retired))
    assert await session.scalar(OWED) == 1
    await tell()
    assert await session.scalar(OWED) == 0


async def test_steps_are_not_told_where_nobody_is_told(
    people, happen, count, tell, steps, evaluator, runtime
):
    """Of the first look at those who were there before there is no event: whoever adds up events would miss them."""
    for _ in range(2):
        await happen(people[0], "call")
        await count()
    async with runtime.database.transaction() as session:
        await walking.walk(session, evaluator, now=clock.now() + timedelta(minutes=5))
    assert await steps(people[0]) == [(None, 1)]
    await tell()
    assert await steps(people[0]) == [(None, 1), (1, 2)]
