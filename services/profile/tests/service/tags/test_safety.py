"""What would stop the tags of everybody, or leave them wrong."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_profile.tags.policy.definitions import Content, Kind, ValueType
from careloop_profile.tags.queries import facts
from careloop_profile.tags.service import filling, shipping
from careloop_profile.tags.service.evaluating import Parts
from sqlalchemy import text

NOW = clock.now()
_WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
async def given(propose, publish, fill, look, register):
    """A tag that people give, and one whose rule asks for it."""
    await look(await register(name="张三", status="active"))
    await publish(await propose("mood", kind="manual", value_type="text", values=["good", "bad"]))
    await fill()
    await publish(await propose("sulks", rule='tag("mood") == "bad"'))
    await fill()


@pytest.mark.parametrize(
    "facts",
    [
        {"rule": "vip"},
        {"kind": "manual"},
        {"kind": "manual", "value_type": "text", "values": ["good"]},
    ],
)
async def test_a_version_that_rules_of_others_could_not_ask_for_is_not_published(
    given, propose, publish, facts, look, register
):
    answer = await publish(await propose("mood", **facts))
    assert (answer.status_code, answer.json().get("code")) == (409, "tag_in_use")
    assert answer.json()["codes"] == ["sulks"]
    await look(await register(name="李四", status="active"))


async def test_what_somebody_only_proposed_does_not_stop_a_release(given, propose, runtime):
    await propose("churn_probability", rule="vip")
    async with runtime.database.transaction() as session:
        await shipping.install(session, now=NOW)


@pytest.fixture
def release(runtime):
    """`await release(koc_nominated=Content(…))`: what comes with the platform now says so of these tags."""

    async def install(now=NOW, **contents):
        new = [replace(one, content=contents.get(one.code, one.content)) for one in shipping.shipped()]
        async with runtime.database.transaction() as session:
            return await shipping.install(session, now=now, release=new)

    return install


@pytest.fixture
def in_force(client):
    async def read(code):
        versions = (await client.get(f"/v1/tag-definitions/{code}")).json()["items"]
        return [(one["version"], one["value_type"], one["state"]) for one in versions]

    return read


NUMBER = Content(Kind.MANUAL, ValueType.NUMBER)


async def test_a_release_that_gives_a_tag_another_type_is_a_new_version_that_everybody_is_asked_for(
    register, look, client, fill, tags, release, in_force
):
    customer = await register(name="张三", status="active")
    await look(customer)
    path = f"/v1/customers/{customer['customer_id']}/tags/koc_nominated"
    assert (await client.put(path, json={"value": True})).status_code == 200
    assert await release(koc_nominated=NUMBER) == 1
    assert await in_force("koc_nominated") == [(2, "number", "filling"), (1, "bool", "active")]
    assert (await tags(customer))["koc_nominated"]["value"] is True, "until everybody was asked"
    await fill()
    assert await in_force("koc_nominated") == [(2, "number", "active"), (1, "bool", "superseded")]
    assert "koc_nominated" not in await tags(customer), "yes is no number"
    assert (await client.put(path, json={"value": True})).json()["code"] == "tag_value_refused"
    assert (await client.put(path, json={"value": 3})).status_code == 200
    assert (await tags(customer))["koc_nominated"]["value"] == 3
    assert await release(koc_nominated=NUMBER) == 0


@pytest.mark.parametrize(
    "content",
    [Content(Kind.MANUAL, ValueType.TEXT, values=("yes",)), Content(Kind.RULE, ValueType.BOOL, "vip")],
)
async def test_a_release_whose_other_type_rules_here_could_not_ask_for_changes_nothing(
    given, propose, publish, fill, look, register, release, in_force, content
):
    await publish(await propose("praised", rule='tag("koc_nominated") && vip'))
    await fill()
    before = await in_force("koc_nominated")
    assert await release(koc_nominated=content) == 0
    assert await in_force("koc_nominated") == before
    await look(await register(name="李四", status="active"))
    assert await release(koc_nominated=content, event_guest=NUMBER) == 1, "others go on"
    assert await in_force("koc_nominated") == before


async def test_a_release_before_anybody_is_known_is_in_force_at_once(release, in_force, look, register):
    await release()
    assert await release(koc_nominated=NUMBER) == 1
    assert await in_force("koc_nominated") == [(2, "number", "active"), (1, "bool", "superseded")]
    await look(await register(name="李四", status="active"))


async def test_a_tag_of_a_release_that_asks_for_what_is_another_one_here_stops_no_other(
    given, propose, publish, fill, runtime
):
    gone = ("churn_probability", "churn_risk_high", "elderly")
    await _forget_tags(
        runtime, "DELETE FROM tag_definition WHERE 'tag(\"churn_probability\")' = ANY(depends_on)"
    )
    for code in gone:
        await _forget_tags(runtime, f"DELETE FROM tag_definition WHERE code = '{code}'")
    await publish(await propose("churn_probability", kind="manual"))
    await fill()
    async with runtime.database.transaction() as session:
        await shipping.install(session, now=NOW)
        there = await session.scalars(text("SELECT code FROM tag_definition WHERE state = 'filling'"))
        assert there.all() == ["elderly"]


async def _forget_tags(runtime, statement):
    async with runtime.database.transaction() as session:
        await session.execute(text(statement))


async def test_a_contract_without_end_stops_no_version(register, look, propose, publish, fill, tags):
    customer = await register(
        name="张三",
        status="active",
        joined_on="9999-12-31",
        subscriptions=[
            {"product": "5g", "status": "active", "ended_on": "9999-12-31", "started_on": "9999-12-31"}
        ],
    )
    await look(customer)
    await publish(await propose("over", rule="days_since(contract_ends_at) >= 1"))
    await publish(await propose("old_friend", rule="age_years(joined_at) >= 1 || has(joined_at)"))
    await fill()
    assert "over" not in await tags(customer)
    assert "old_friend" in await tags(customer)


async def test_who_retires_what_is_being_filled_waits_for_no_one(
    register, look, propose, publish, runtime, client, together, eventually
):
    await look(await register(name="张三", status="active"))
    await publish(await propose("grown", rule="age >= 18 || vip"))

    async def fill():
        async with runtime.database.transaction() as session:
            await filling.definitions.filling(session)
            retiring.set()
            await eventually(lambda: waits(runtime))
            return await filling.fill(session, now=NOW)

    async def retire():
        await retiring.wait()
        return await client.post("/v1/tag-definitions/grown/retire")

    retiring = asyncio.Event()
    filled, retired = await together(fill(), retire())
    assert filled is True
    assert (retired.status_code, retired.json()["code"]) == (409, "tag_switching"), (
        "it has just come into force"
    )


async def waits(runtime):
    async with runtime.database.transaction() as session:
        found = await session.scalar(text(_WAITING))
    assert found
    return True


async def test_who_was_merged_while_somebody_waited_to_look_is_looked_at_as_one(
    register, look, client, runtime, together, eventually
):
    one, other = await register(name="张三", status="active"), await register(name="李四", status="active")
    await look(one, other)

    async def merge():
        async with runtime.database.transaction() as session:
            await facts.hold(session, [UUID(one["customer_id"]), UUID(other["customer_id"])])
            held.set()
            await eventually(lambda: waits(runtime))
            path = f"/v1/customers/{one['customer_id']}/merges"
            done = await client.post(path, json={"customer_id": other["customer_id"], "reason": "one man"})
            assert done.status_code < 300, done.text

    async def late():
        await held.wait()
        return await look(one, other)

    held = asyncio.Event()
    _, changed = await together(merge(), late())
    assert isinstance(changed, int), changed
    async with runtime.database.transaction() as session:
        rows = (await session.execute(text("SELECT person_id, customers FROM person_fact"))).all()
    assert [row.customers for row in rows] == [2]


async def test_it_is_told_when_a_given_tag_ends_and_when_a_window_moves(
    register, look, happen, count, client, propose, publish, fill, explain
):
    customer = await register(name="张三", status="active")
    await look(customer)
    await publish(await propose("guest", kind="manual", ttl_days=3))
    await publish(await propose("sore", rule='count("complaint", "30d") >= 1'))
    await fill()
    await client.put(f"/v1/customers/{customer['customer_id']}/tags/guest", json={"value": True})
    await happen(customer, "complaint", days=3)
    await count()
    for code in ("guest", "sore"):
        told = await explain(customer, code)
        assert told["value"] is True
        assert told["changes_at"] is not None, code


async def test_what_somebody_looks_at_while_it_is_forgotten_is_forgotten_too(
    register, look, client_as, runtime, evaluator, together, eventually
):
    customer = await register(name="张三", status="active")
    person = UUID(customer["customer_id"])
    await look(customer)

    async def late():
        async with runtime.database.transaction() as session:
            await facts.hold(session, [person])
            await evaluator.look(session, [person], Parts.BOTH, {"kind": "customer"}, now=NOW)
            held.set()
            await eventually(lambda: waits(runtime))
            later = NOW + timedelta(days=200)
            return await evaluator.look(session, [person], Parts.BOTH, {"kind": "time"}, now=later)

    async def erase():
        await held.wait()
        body = {"customer_id": customer["customer_id"], "reason": "customer_request"}
        return await client_as("privacy:erase").post("/v1/erasure-requests", json=body)

    held = asyncio.Event()
    changed, erased = await together(late(), erase())
    assert erased.status_code == 202, erased.text
    assert changed > 0
    await look(customer)
    assert await left(runtime) == []


async def test_nothing_is_kept_of_who_is_no_customer(look, runtime):
    await look({"customer_id": str(ids.new_id())})
    assert await left(runtime) == []


async def left(runtime):
    tables = ("person_fact", "person_tag", "tag_history", "lifecycle_move")
    async with runtime.database.transaction() as session:
        counts = [await session.scalar(text(f"SELECT count(*) FROM {name}")) for name in tables]
    return [name for name, count in zip(tables, counts, strict=True) if count]


async def test_a_preview_says_values_as_they_are(register, look, client):
    await look(await register(name="张三", status="active"))
    cases = [{"value": 'the "best" one', "rule": "!vip"}]
    body = {"value_type": "text", "cases": cases}
    told = (await client.post("/v1/tag-definitions/preview", json=body)).json()
    assert told["by_value"] == {'the "best" one': 1}


async def test_who_becomes_known_while_a_version_is_published_has_it_too(
    register, look, propose, publish, fill, runtime, evaluator, together, eventually, tags
):
    await look(await register(name="李四", status="active"))
    version = await propose("client", rule='status == "active"')
    customer = await register(name="张三", status="active")

    async def late():
        async with runtime.database.transaction() as session:
            person = [UUID(customer["customer_id"])]
            await evaluator.look(session, person, Parts.BOTH, {"kind": "customer"}, now=NOW)
            known.set()
            with suppress(AssertionError):
                await eventually(lambda: waits(runtime), timeout=2)

    async def put_in_force():
        await known.wait()
        assert (await publish(version)).status_code == 200
        await fill()

    known = asyncio.Event()
    assert await together(late(), put_in_force()) == [None, None]
    assert "client" in await tags(customer)


async def test_of_cases_with_one_value_the_one_that_holds_is_told(
    register, look, propose, publish, fill, explain
):
    customer = await register(name="张三", status="active")
    await look(customer)
    cases = [{"value": "near", "rule": "vip"}, {"value": "near", "rule": 'status == "active"'}]
    await publish(await propose("distance", value_type="text", cases=cases))
    await fill()
    told = await explain(customer, "distance")
    assert told["value"] == "near"
    assert told["rule"].startswith('status == "active"')
