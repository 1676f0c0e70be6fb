import json
from datetime import UTC, datetime, timedelta

import pytest
from careloop_common import clock
from careloop_common.messaging import dead_letters
from careloop_contracts import CustomerActivityRecordedV1
from careloop_profile.interactions import policy
from nats.js.api import DiscardPolicy
from sqlalchemy import text

JSON = {"content-type": "application/json"}
NOW = clock.now().replace(microsecond=0)


@pytest.fixture
def item():
    """`item(1, customer=…)`: an interaction as clients send it."""

    def make(number=1, **changes):
        return {
            "customer": {"source": "crm", "external_id": "A-1"},
            "channel": "hotline",
            "kind": "call",
            "occurred_at": (NOW - timedelta(minutes=number)).isoformat(),
            "message_id": f"m-{number}",
            "direction": "inbound",
            "properties": {"seconds": number},
        } | changes

    return make


@pytest.fixture
def counted(runtime):
    """`await counted("interaction")`: rows of a table, as they are committed now."""

    async def count(table):
        async with runtime.database.transaction() as session:
            return await session.scalar(text(f"SELECT count(*) FROM {table}"))

    return count


async def test_a_batch_is_stored_counted_and_published(
    client, register, item, worker_running, eventually, counted, published
):
    customer = await register(source="crm", external_id="A-1")
    items = [item(n) for n in range(8)]
    items += [item(8, kind="payment", amount=25.5), item(9, kind="complaint", channel="web")]
    answer = await client.post("/v1/interactions/batch", json={"items": items})
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 10, "rejected": []}
    async with worker_running():
        await eventually(lambda: _is(counted("interaction"), 10))
        [event] = await eventually(lambda: published(CustomerActivityRecordedV1))
    [activity] = event.items
    assert (activity.interactions, activity.payments, float(activity.amount), activity.complaints) == (
        10,
        1,
        25.5,
        1,
    )
    profile = (await client.get(f"/v1/customers/{customer['customer_id']}/profile")).json()
    assert profile["activity"]["interactions"] == 10
    assert profile["activity"]["amount"] == "25.5000"
    assert {row["channel"] for row in profile["activity"]["channels"]} == {"hotline", "web"}
    assert profile["last_interactions"][0]["properties"] == {"seconds": 0}


async def test_what_is_sent_again_is_stored_once(
    client, register, item, worker_running, eventually, counted, session
):
    customer = await register(source="crm", external_id="A-1")
    first = [item(n) for n in range(20)]
    again = [*first[10:], *[item(n) for n in range(20, 30)]]
    anonymous = {key: value for key, value in item(99).items() if key != "message_id"}
    for items in (first, again, first, [anonymous], [anonymous]):
        await client.post("/v1/interactions/batch", json={"items": items})
    async with worker_running():
        await eventually(lambda: _is(counted("interaction"), 31))
        await eventually(lambda: _drained(client, session))
    assert await counted("interaction") == 31
    profile = (await client.get(f"/v1/customers/{customer['customer_id']}/profile")).json()
    assert profile["activity"]["interactions"] == 31


async def test_one_bad_item_does_not_fail_the_others(client, register, item):
    await register(source="crm", external_id="A-1")
    items = [
        item(1),
        item(2, channel="pigeon"),
        item(3, customer={}),
        item(4, customer={"phone": "13800138000"}),
        item(5, occurred_at="yesterday"),
        item(6, colour="red"),
        item(7, kind="Call!"),
        item(8, properties=[1]),
        item(9, properties={"text": "a\u0000b"}),
        item(10, properties={"text": "x" * 33_000}),
        item(11, amount=1e15),
        "nothing",
        item(13, customer={"source": "crm", "external_id": " NULL "}),
        item(14, customer={"source": "crm", "external_id": "undefined"}),
        item(12),
    ]
    answer = (await client.post("/v1/interactions/batch", json={"items": items})).json()
    assert answer["accepted"] == 2
    assert [(problem["index"], problem["code"]) for problem in answer["rejected"]] == [
        (1, "channel_unknown"),
        (2, "customer_ambiguous"),
        (3, "identifier_refused"),
        (4, "item_malformed"),
        (5, "item_malformed"),
        (6, "kind_malformed"),
        (7, "properties_malformed"),
        (8, "properties_malformed"),
        (9, "properties_too_large"),
        (10, "amount_out_of_range"),
        (11, "item_malformed"),
        (12, "identifier_refused"),
        (13, "identifier_refused"),
    ]


async def test_what_the_database_refuses_takes_nothing_else_with_it(
    client, register, item, worker_running, eventually, counted, runtime, monkeypatch
):
    await register(source="crm", external_id="A-1")
    monkeypatch.setattr(policy, "money", str)  # as if it let pass what the column does not hold
    items = [item(n, amount=1e20 if n in {3, 11} else 1) for n in range(20)]
    answer = await client.post("/v1/interactions/batch", json={"items": items})
    assert answer.json() == {"accepted": 20, "rejected": []}
    async with worker_running():
        await eventually(lambda: _is(counted("interaction"), 18))
        await eventually(lambda: _is(counted("dead_letter"), 2))
    [first, second] = await dead_letters.pending(runtime)
    assert first["reason"] == second["reason"] == "unexpected"


async def test_half_a_surrogate_pair_spoils_one_item_only(client, item):
    body = json.dumps({"items": [item(1), item(2, properties={"text": "\ud83d"}), item(3)]})
    answer = (await client.post("/v1/interactions/batch", content=body, headers=JSON)).json()
    assert (answer["accepted"], [problem["index"] for problem in answer["rejected"]]) == (2, [1])


async def test_lines_of_json_are_taken_too(client, item):
    lines = "\n".join(json.dumps(item(n)) for n in range(3)) + "\n{broken\n"
    answer = await client.post(
        "/v1/interactions/batch", content=lines, headers={"content-type": "application/x-ndjson"}
    )
    assert answer.json()["accepted"] == 3
    assert [problem["index"] for problem in answer.json()["rejected"]] == [3]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_request"),
        (b'{"items": "none"}', 422, "item_refused"),
        (b'{"items": [], "more": 1}', 422, "item_refused"),
        (b'{"items": ["\xff"]}', 400, "malformed_request"),
        (b'{"items": [' + b",".join([b"1"] * 1001) + b"]}", 413, "batch_too_large"),
    ],
)
async def test_a_bad_body_is_a_problem(client, body, status, code):
    answer = await client.post("/v1/interactions/batch", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_single_interaction_is_stored(client, register, item, worker_running, eventually, counted):
    await register(source="crm", external_id="A-1")
    answer = await client.post("/v1/interactions", json=item(1))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    refused = await client.post("/v1/interactions", json=item(1, channel="pigeon"))
    assert (refused.status_code, refused.json()["reason"]) == (422, "channel_unknown")
    async with worker_running():
        await eventually(lambda: _is(counted("interaction"), 1))


async def test_interactions_wait_for_a_customer_and_find_him(
    client, register, item, worker_running, eventually, counted
):
    phone = {"phone": "138 0123 4567"}
    items = [item(1), item(2), item(3, customer=phone), item(4, customer={"phone": "13901234567"})]
    await client.post("/v1/interactions/batch", json={"items": items})
    async with worker_running():
        await eventually(lambda: _is(counted("interaction_unresolved"), 4))
        customer = await register(source="crm", external_id="A-1", phone="+8613801234567")
        await eventually(lambda: _is(counted("interaction"), 3))
        path = f"/v1/customers/{customer['customer_id']}"
        timeline = (await client.get(f"{path}/interactions")).json()["items"]
        assert [row["properties"]["seconds"] for row in timeline] == [1, 2, 3]
        await client.patch(path, json={"phone": "13901234567"})
        await eventually(lambda: _is(counted("interaction"), 4))
    assert await counted("interaction_unresolved") == 0
    profile = (await client.get(f"{path}/profile")).json()
    assert profile["activity"]["interactions"] == 4


async def test_a_phone_of_two_customers_belongs_to_neither(
    client, register, item, worker_running, eventually, counted
):
    for name in ("张伟", "李娜"):
        await register(name=name, phone="01062345678")
    await client.post("/v1/interactions/batch", json={"items": [item(1, customer={"phone": "01062345678"})]})
    async with worker_running():
        await eventually(lambda: _is(counted("interaction_unresolved"), 1))
    assert await counted("interaction") == 0


async def test_a_phone_of_two_customers_who_are_one_person_is_that_persons(
    client, register, item, worker_running, eventually, counted
):
    one, other = [await register(name=name, phone="01062345678") for name in ("张伟", "Wei Zhang")]
    early, late = [item(n, customer={"phone": "01062345678"}) for n in (1, 2)]
    await client.post("/v1/interactions/batch", json={"items": [early]})
    async with worker_running():
        await eventually(lambda: _is(counted("interaction_unresolved"), 1))
        body = {"customer_id": other["customer_id"], "reason": "one man"}
        await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
        await eventually(lambda: _is(counted("interaction"), 1))
        await client.post("/v1/interactions/batch", json={"items": [late]})
        await eventually(lambda: _is(counted("interaction"), 2))
    timeline = (await client.get(f"/v1/customers/{one['customer_id']}/interactions")).json()["items"]
    assert len(timeline) == 2


async def test_a_phone_number_does_not_leave_the_process(client, item, broker):
    await client.post("/v1/interactions/batch", json={"items": [item(1, customer={"phone": "13801234567"})]})
    [message] = await broker.messages("CARE_INBOUND")
    assert b"3801234567" not in message.data


async def test_a_broken_clock_is_replaced_flagged_and_still_deduplicated(
    client, register, item, worker_running, eventually, counted
):
    customer = await register(source="crm", external_id="A-1")
    ancient = item(1, occurred_at="1970-01-01T00:00:00Z")
    for items in ([ancient], [ancient, item(2)], [ancient, item(3)]):
        await client.post("/v1/interactions/batch", json={"items": items})
    async with worker_running():
        await eventually(lambda: _is(counted("interaction"), 3))
    rows = (await client.get(f"/v1/customers/{customer['customer_id']}/interactions")).json()["items"]
    assert [row["time_suspect"] for row in rows] == [True, False, False]
    assert datetime.fromisoformat(rows[0]["occurred_at"]) >= NOW


async def test_the_timeline_is_paged_from_the_newest_on(
    client, register, item, worker_running, eventually, counted
):
    customer = await register(source="crm", external_id="A-1")
    moment = NOW.isoformat()
    items = [item(n, occurred_at=moment) for n in range(5)] + [item(n) for n in range(5, 12)]
    await client.post("/v1/interactions/batch", json={"items": items})
    async with worker_running():
        await eventually(lambda: _is(counted("interaction"), 12))
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        path = f"/v1/customers/{customer['customer_id']}/interactions"
        page = (await client.get(path, params=query)).json()
        seen += [(row["occurred_at"], row["interaction_id"]) for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(set(seen)) == 12
    assert seen == sorted(seen, reverse=True)


async def test_partitions_are_made_once_and_ahead(runtime, session):
    from careloop_profile.interactions import partitions

    now = datetime(2026, 3, 28, tzinfo=UTC)
    made = await partitions.ensure(session, now)
    assert made == 14 + 31 + 4
    assert await partitions.ensure(session, now) == 0
    assert await partitions.ensure(session, now + timedelta(days=1)) == 1


async def test_without_a_broker_the_client_is_told_to_come_back(runtime, client, item):
    await runtime.bus.close()
    for path, body in (("/v1/interactions", item(1)), ("/v1/interactions/batch", {"items": [item(1)]})):
        answer = await client.post(path, json=body)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


async def test_a_full_stream_is_answered_with_429(client, item, broker):
    stream = await broker.jetstream.stream_info("CARE_INBOUND")
    stream.config.max_bytes, stream.config.discard = 1000, DiscardPolicy.NEW
    await broker.jetstream.update_stream(stream.config)
    answer = await client.post("/v1/interactions/batch", json={"items": [item(n) for n in range(50)]})
    assert answer.status_code == 429, answer.text
    assert answer.json()["code"] == "intake_full"
    assert int(answer.headers["retry-after"]) == int(answer.headers["x-ratelimit-reset"]) == 5


async def _is(found, expected):
    return await found == expected


async def _drained(client, session):
    row = (
        await session.execute(text("SELECT sequence FROM consumer_position WHERE consumer = 'interactions'"))
    ).one_or_none()
    await session.rollback()
    return row is not None and row.sequence >= 5
