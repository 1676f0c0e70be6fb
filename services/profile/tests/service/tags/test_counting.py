"""What waits to be counted: whose turn it is, that it is among the counters, and that nobody is in the way of others."""

from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile.tags.queries import buckets
from careloop_profile.tags.service import counting
from careloop_profile.tags.service.counting import Counting
from careloop_profile.tags.service.evaluating import Evaluator
from sqlalchemy import text


async def test_who_waits_for_longest_comes_first_and_all_that_waits_of_somebody_is_counted_together(
    people, happen, session
):
    first, second = (UUID(people[place]["customer_id"]) for place in (3, 1))
    for place in (3, 1, 3, 3):
        await happen(people[place], "complaint")
    ago = text(
        "UPDATE interaction_news SET stored_at = now() - :seconds * interval '1 s' WHERE customer_id = :id"
    )
    await session.execute(ago, [{"id": first, "seconds": 30}, {"id": second, "seconds": 20}])
    assert await buckets.waiting(session, 10) == ({first: 3, second: 1}, 4)
    assert await buckets.waiting(session, 1) == ({first: 3}, 4)
    assert (await buckets.fold(session, [second], clock.now())).keys() == {second}
    assert await buckets.waiting(session, 10) == ({first: 3}, 3)
    assert (await buckets.fold(session, [first, second], clock.now())).keys() == {first}
    assert await buckets.waiting(session, 10) == ({}, 0)
    counted = text("SELECT customer_id, sum(count) FROM metric_bucket GROUP BY customer_id")
    assert dict(map(tuple, await session.execute(counted))) == {first: 3, second: 1}


def test_who_has_very_much_waiting_is_counted_alone():
    ids = [UUID(int=number) for number in range(6)]
    turn = buckets.Turn(dict(zip(ids, (1, 1, 1, 90, 5, 6), strict=True)), 104)
    assert list(turn.parts(2, 10)) == [ids[:2], ids[2:3], ids[3:4], ids[4:5], ids[5:]]
    assert list(buckets.Turn({}, 0).parts(2, 10)) == []


@pytest.mark.parametrize(
    ("times", "seconds", "order"), [(1, 2, [1, 3]), (1, 4, [3, 1]), (40, 9, [1, 3]), (40, 11, [3, 1])]
)
async def test_what_the_day_had_already_lets_others_go_first_three_seconds_for_each_time_and_ten_at_most(
    people, happen, count, session, times, seconds, order
):
    """Somebody else comes `seconds` later to whom something new happens."""
    busy, calm = (UUID(people[place]["customer_id"]) for place in (3, 1))
    await happen(people[3], "call", times=times)
    await count()
    await happen(people[3], "call")
    await happen(people[1], "call")
    await session.execute(
        text(
            "UPDATE interaction_news SET stored_at = stored_at - :ago * interval '1 s' WHERE customer_id = :id"
        ),
        {"ago": seconds, "id": busy},
    )
    turn = await buckets.waiting(session, 10)
    assert list(turn.waiting) == [UUID(people[place]["customer_id"]) for place in order]
    assert list((await buckets.novel(session, 10)).waiting) == [calm]


async def test_something_new_of_somebody_to_whom_much_happens_waits_for_nobody(
    people, happen, count, session, monkeypatch, runtime, evaluator
):
    """All that waits of that customer is counted with it."""
    busy, calm = (UUID(people[place]["customer_id"]) for place in (3, 1))
    for place in (1, 3):
        await happen(people[place], "call", times=40)
    await count()
    await happen(people[1], "call")
    await happen(people[3], "call", times=20)
    await happen(people[3], "complaint")
    async with runtime.database.transaction() as other:
        await other.execute(
            text(
                "UPDATE interaction_news SET stored_at = stored_at - interval '20 s' WHERE customer_id = :id"
            ),
            {"id": calm},
        )
    assert await buckets.novel(session, 10) == ({busy: 21}, 21)
    parts = []
    monkeypatch.setattr(counting, "FEWEST", 1)
    listener = Counting(evaluator)

    async def counted(_, customers):
        parts.append(customers)
        await listener_count(runtime, customers)

    listener_count = listener._count
    monkeypatch.setattr(listener, "_count", counted)
    await listener.count(runtime)
    assert parts == [[busy], [calm], [busy]]


@pytest.mark.parametrize(("lasting", "order"), [(0, [1, 0, 3]), (60, [1, 3, 0])])
async def test_who_comes_meanwhile_waits_until_it_is_asked_again_who_comes_next(
    people, happen, monkeypatch, runtime, evaluator, lasting, order
):
    for kind in ("call", "complaint", "visit"):
        await happen(people[3], kind)
    await happen(people[1], "call")
    for name, value in {"FEWEST": 1, "AT_ONCE": 1, "WORTH": 0, "LASTING": lasting}.items():
        monkeypatch.setattr(counting, name, value)
    listener, parts = Counting(evaluator), []

    async def counted(_, customers):
        if not parts:
            await happen(people[0], "call")
        parts.append(customers)
        await listener_count(runtime, customers)

    listener_count = listener._count
    monkeypatch.setattr(listener, "_count", counted)
    await listener.count(runtime)
    assert parts[:3] == [[UUID(people[place]["customer_id"])] for place in order]


async def test_to_whom_much_is_new_at_once_lets_others_go_first(people, happen, session):
    much, little = (UUID(people[place]["customer_id"]) for place in (3, 1))
    for kind in ("call", "complaint", "visit"):
        await happen(people[3], kind)
    await happen(people[1], "call")
    assert list((await buckets.novel(session, 10)).waiting) == [little, much]
    assert list((await buckets.novel(session, 1)).waiting) == [little]


async def test_of_whom_something_was_counted_a_moment_ago_lets_others_go_first(
    people, happen, count, session
):
    await happen(people[1], "call")
    await happen(people[2], "call", days=1)
    await count()
    await session.execute(
        text("UPDATE person_fact SET counted_at = counted_at - interval '1 h' WHERE person_id = :id"),
        {"id": people[2]["customer_id"]},
    )
    for place in (1, 2, 3):
        await happen(people[place], "complaint")
    order = [UUID(people[place]["customer_id"]) for place in (2, 3, 1)]
    assert list((await buckets.novel(session, 10)).waiting) == order


@pytest.mark.parametrize("other", [{"days": 1}, {"channel": "web"}, {"kind": "visit"}])
async def test_what_another_day_or_channel_had_is_new_to_this_one(people, happen, count, session, other):
    await happen(people[3], "call", times=3)
    await count()
    await happen(people[3], **{"kind": "call"} | other)
    already = text("SELECT already FROM interaction_news")
    assert await session.scalar(already) == 0
    await happen(people[3], "call")
    assert set(await session.scalars(already)) == {0, 3}


async def test_a_kind_and_a_channel_that_the_day_has_already_say_nothing_new_together(
    people, happen, count, session
):
    """Only that there is more of both."""
    person, who = people[3], UUID(people[3]["customer_id"])
    await happen(person, "call")
    await happen(person, "visit", channel="web")
    await count()
    await happen(person, "call", channel="web")
    assert await session.scalar(text("SELECT already FROM interaction_news")) == 1
    assert (await buckets.novel(session, 10)).waiting == {}
    assert (await buckets.fold(session, [who], clock.now()))[who].added
    await happen(person, "call", channel="hotline", days=1)
    assert not (await buckets.fold(session, [who], clock.now()))[who].added


async def test_what_waits_to_be_counted_is_among_the_counters(client, register, happen, count):
    customer = await register(name="张伟")
    path = f"/v1/customers/{customer['customer_id']}/profile"

    async def activity():
        return (await client.get(path)).json()["activity"]

    await happen(customer, "payment", amount="10.5", times=3)
    await happen(customer, "complaint", channel="web", days=1)
    waiting = await activity()
    assert (waiting["interactions"], waiting["payments"], waiting["amount"]) == (4, 3, "31.5000")
    await count()
    assert await activity() == waiting
    await happen(customer, "payment", amount="0.25")
    added = await activity()
    assert (added["interactions"], added["complaints"], added["amount"]) == (5, 1, "31.7500")
    await count()
    assert await activity() == added


async def test_what_was_counted_is_swept_away(people, happen, count, monkeypatch, session, eventually):
    swept = text("SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'interaction_news'")

    async def times():
        await session.rollback()
        return await session.scalar(swept)

    await happen(people[0], "call")
    await count()
    assert await times() == 0
    monkeypatch.setattr(counting, "SWEPT", 1)
    await happen(people[0], "call")
    await count()
    await eventually(times)


@pytest.fixture
def one_by_one(monkeypatch):
    """Each customer is counted in a transaction of its own."""
    monkeypatch.setattr(counting, "FEWEST", 1)


async def test_who_cannot_be_looked_at_stops_nobody_else_and_what_waits_of_him_is_not_lost(
    people, happen, count, one_by_one, monkeypatch, session, tags
):
    unlucky, looks = UUID(people[0]["customer_id"]), Evaluator.look
    for person in people:
        await happen(person, "complaint")

    async def look(self, session, ids, *given, **named):
        if unlucky in ids:
            raise TimeoutError
        return await looks(self, session, ids, *given, **named)

    monkeypatch.setattr(Evaluator, "look", look)
    with pytest.raises(TimeoutError):
        await count()
    assert ["complained_7d" in await tags(person) for person in people] == [False, True, True, True, True]
    assert await buckets.waiting(session, 10) == ({unlucky: 1}, 1)
    monkeypatch.undo()
    await count()
    assert "complained_7d" in await tags(people[0])
    assert await session.scalar(text("SELECT sum(count) FROM metric_bucket")) == len(people)


async def test_customers_of_one_person_who_are_counted_one_by_one_and_twice_at_once_come_to_one_answer(
    client, people, look, happen, count, one_by_one, explain, history, together
):
    one, other = people[:2]
    path = f"/v1/customers/{one['customer_id']}/merges"
    await client.post(path, json={"customer_id": other["customer_id"], "reason": "one man"})
    await look(one, other, kind="person")
    for _ in range(3):
        for person in people:
            await happen(person, "complaint")
        assert await together(count(), count()) == [None, None]
    assert (await explain(one, "complaints_30d"))["value"] == 6
    assert len(await history(one, code="complained_7d")) == 1
