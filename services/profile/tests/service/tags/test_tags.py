"""Which tags a person has: from facts, from what happened, by time alone, and when persons are merged."""

from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_common.timers import worker
from careloop_contracts import CustomerTagsChangedV1
from careloop_profile.tags.service.judging import TIMER
from sqlalchemy import text

UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


async def test_a_person_has_the_tags_that_follow_from_what_sources_say(register, look, tags):
    elder = await register(name="张伟", birth_date="1940-05-01", region="广东省", language="zh", vip=True)
    young = await register(name="李娜", birth_date="2001-05-01", language="en")
    await look(elder, young)
    theirs = await tags(elder)
    assert {"elderly", "very_old", "vip_customer", "region_guangdong", "speaks_chinese", "age_band"} <= set(
        theirs
    )
    assert theirs["age_band"]["value"] == "65_up"
    mine = await tags(young)
    assert {"elderly", "vip_customer"}.isdisjoint(mine)
    assert "speaks_english" in mine


async def test_what_happens_gives_tags_and_says_why(register, look, happen, count, tags, explain, history):
    customer = await register(name="张伟")
    await look(customer)
    assert "complained_7d" not in await tags(customer)
    await happen(customer, "complaint", days=1, times=3)
    await count()
    found = (await tags(customer))["complained_7d"]
    assert found["cause"]["kind"] == "interaction"
    assert 'count("complaint", "7d")' in found["cause"]["changed"]
    why = await explain(customer, "complains_often")
    assert (why["value"], why["rule"]) == (True, 'count("complaint", "90d") >= 3')
    [said] = why["inputs"]
    assert (said["name"], said["value"]) == ('count("complaint", "90d")', 3)
    assert said["sources"][0]["source"] == "interactions"
    [change] = await history(customer, code="complains_often")
    assert (change["before"], change["after"]) == (None, True)
    assert change["at"] == why["since"]


async def test_an_interaction_that_comes_twice_is_counted_once(register, look, happen, count, tags):
    customer = await register(name="张伟")
    await happen(customer, "call", times=2)
    await count()
    await count()
    assert (await tags(customer))["service_calls_30d"]["value"] == 2
    await happen(customer, "call", days=3)
    await count()
    assert (await tags(customer))["service_calls_30d"]["value"] == 3


async def test_silence_comes_by_the_clock_without_anything_happening(
    register, look, happen, count, tags, explain, runtime
):
    customer = await register(name="张伟", status="active")
    await happen(customer, "call", days=29)
    await count()
    assert "silent_30d" not in await tags(customer)
    why = await explain(customer, "silent_30d")
    assert why["value"] is None
    due = clock.now() + timedelta(days=1)
    assert why["changes_at"] is not None
    await look(customer, kind="time", now=due)
    found = (await tags(customer))["silent_30d"]
    assert found["cause"]["kind"] == "time"


async def test_a_timer_rings_for_whom_time_alone_can_change(
    register, happen, count, tags, worker_running, eventually, runtime
):
    customer = await register(name="张伟", status="active")
    await happen(customer, "call", days=29)
    await count()
    async with runtime.database.transaction() as session:
        # As if the last call had been a day earlier all along, and the timer stood for that.
        for table, column in (
            ("metric_bucket", "last_at"),
            ("person_fact", "last_seen_at"),
        ):
            await session.execute(text(f"UPDATE {table} SET {column} = {column} - interval '1 day'"))
        moved = text(
            "UPDATE timer SET due_at = now(), available_at = now() WHERE kind = :kind RETURNING due_at"
        )
        due = (await session.execute(moved, {"kind": TIMER})).scalar_one()
        await session.execute(text("UPDATE person_fact SET due_at = :due"), {"due": due})

    async def silent():
        return "silent_30d" in await tags(customer)

    async with worker_running():
        await eventually(silent)


async def test_an_active_person_costs_no_timer_more(register, happen, count, runtime, look):
    customer = await register(name="张伟", status="active")
    await happen(customer, "call", days=3)
    await count()
    armed = text("SELECT due_at, armed_at FROM timer WHERE kind = :kind")
    async with runtime.database.transaction() as session:
        before = (await session.execute(armed, {"kind": TIMER})).all()
    await happen(customer, "call", days=0)
    await count()
    async with runtime.database.transaction() as session:
        assert (await session.execute(armed, {"kind": TIMER})).all() == before
    assert len(before) == 1


async def test_windows_move_on_by_the_clock(register, happen, count, tags, look):
    customer = await register(name="张伟")
    await happen(customer, "complaint", days=5)
    await count()
    assert "complained_7d" in await tags(customer)
    await look(customer, kind="time", now=clock.now() + timedelta(days=3))
    theirs = await tags(customer)
    assert "complained_7d" not in theirs
    assert "complained_30d" in theirs


async def test_a_merge_and_its_undoing_leave_every_tag_as_it_was(
    register, look, happen, count, client, tags, runtime
):
    one = await register(name="张伟", region="广东省", status="active", source="crm")
    other = await register(name="张玮", vip=True, source="bss", phone="13812347781")
    await happen(one, "complaint", days=1, times=2)
    await happen(other, "complaint", days=1)
    await count()
    await client.put(f"/v1/customers/{other['customer_id']}/tags/koc_nominated", json={"value": True})
    before = [await _values(tags, customer) for customer in (one, other)]
    path = f"/v1/customers/{one['customer_id']}/merges"
    merge = (await client.post(path, json={"customer_id": other["customer_id"], "reason": "one man"})).json()
    await look(one, other, kind="person")
    async with runtime.database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM person_fact")) == 1, "there is one person"
    whole = await _values(tags, other)
    assert whole == await _values(tags, one)
    assert {
        "complains_often",
        "vip_customer",
        "region_guangdong",
        "koc_nominated",
        "known_by_several",
    } <= set(whole)
    await client.post(f"/v1/merges/{merge['merge_id']}/undo", json={"reason": "two men"})
    await look(one, other, kind="person")
    assert [await _values(tags, customer) for customer in (one, other)] == before


async def _values(tags, customer):
    return {code: one["value"] for code, one in (await tags(customer)).items()}


async def test_who_counts_at_once_comes_to_one_answer(register, happen, count, look, together, tags, history):
    customer = await register(name="张伟")
    await look(customer)
    for _ in range(3):
        await happen(customer, "complaint")
    looks = [look(customer, kind="customer") for _ in range(2)]
    done = await together(count(), count(), count(), *looks)
    assert [one for one in done if isinstance(one, Exception)] == []
    assert "complains_often" in await tags(customer)
    assert len(await history(customer, code="complained_7d")) == 1


async def test_from_interaction_to_tag_and_event_everything_is_woken_by_what_comes_before(
    client, register, worker_running, eventually, tags, published, monkeypatch
):
    """Nobody who waits for a turn of his own would be done within the wait."""
    monkeypatch.setattr(worker, "LONGEST_SLEEP", 600.0)
    customer = await register(source="crm", external_id="A-1")
    item = {
        "customer": {"source": "crm", "external_id": "A-1"},
        "channel": "hotline",
        "kind": "complaint",
        "occurred_at": clock.now().isoformat(),
        "message_id": "m-1",
    }

    async def tagged():
        return "complained_7d" in await tags(customer)

    async def told():
        events = await published(CustomerTagsChangedV1)
        return any(one.code == "complained_7d" for event in events for one in event.items)

    async with worker_running():
        await eventually(lambda: _known(client, customer))
        await client.post("/v1/interactions/batch", json={"items": [item]})
        await eventually(tagged)
        await eventually(told)


async def _known(client, customer):
    answer = await client.get(f"/v1/customers/{customer['customer_id']}/tags")
    return answer.json().get("evaluated_at")


@pytest.mark.parametrize("path", ["tags", "tags/elderly", "tag-history"])
async def test_nobody_has_no_tags(client, path):
    answer = await client.get(f"/v1/customers/{UNKNOWN}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")


async def test_a_customer_that_was_not_looked_at_yet_has_no_tags(client, register, tags):
    assert await tags(await register(name="张伟")) == {}


async def test_a_tag_that_there_is_not_cannot_be_explained(client, register, look):
    customer = await register(name="张伟")
    await look(customer)
    answer = await client.get(f"/v1/customers/{customer['customer_id']}/tags/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "tag_not_found")
