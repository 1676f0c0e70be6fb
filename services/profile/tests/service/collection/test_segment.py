"""Messages of the Segment specification become interactions, and what they say of customers becomes so."""

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest
from careloop_common import clock

NOW = clock.now().replace(microsecond=0)
STORED = "SELECT * FROM interaction ORDER BY occurred_at"
JSON = {"content-type": "application/json"}


async def test_what_happened_is_stored_under_the_user_with_its_kind_channel_and_amount(
    send, message, rows, worker_running, eventually, customer
):
    context = {"device": {"type": "android", "id": "imei-1"}, "ip": "10.0.0.1", "traits": {"email": "a@b.cn"}}
    await send(
        message("track", 3, event="Order Completed", properties={"revenue": 59.9, "plan": "5G"}),
        message("page", 2, name="Plans", properties={"path": "/plans"}),
        message("screen", 1, name="Home", context=context),
    )
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 3))
    paid, page, screen = await rows(STORED)
    assert (paid.channel, paid.kind, float(paid.amount)) == ("web", "payment", 59.9)
    assert paid.properties == {
        "revenue": 59.9,
        "plan": "5G",
        "_event": "Order Completed",
        "_context": {"library": {"name": "analytics.js", "version": "2.1"}},
    }
    assert (page.channel, page.kind, page.properties["_event"]) == ("web", "page", "Plans")
    assert (screen.channel, screen.kind) == ("app_android", "screen")
    assert screen.properties["_context"] == {"device": {"type": "android"}}
    known = await customer("u-1")
    assert {str(row.customer_id) for row in (paid, page, screen)} == {known["customer_id"]}
    assert (known["source"], known["status"]) == ("web-shop", "active")


async def test_what_is_sent_again_is_taken_once(send, message, rows, worker_running, eventually):
    late = {key: value for key, value in message("track", 9, event="Timeless").items() if key != "timestamp"}
    for number in range(3):
        await send(*(message("track", n, event="Clicked") for n in range(number, number + 10)), late)
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 13))
        await send(message("track", 20, event="Last"), late)
        await eventually(lambda: _count(rows, STORED, 14))


async def test_the_context_of_the_batch_is_that_of_its_messages_unless_they_know_better(
    send, message, rows, worker_running, eventually
):
    batch = {"channel": "kiosk", "app": {"name": "Shop", "version": "1"}}
    own = {"channel": "ivr", "app": {"version": "2"}}
    await send(
        message("track", 2, event="A", context={}), message("track", 1, event="B", context=own), context=batch
    )
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 2))
    first, second = await rows(STORED)
    assert (first.channel, first.properties["_context"]) == (
        "kiosk",
        {"app": {"name": "Shop", "version": "1"}},
    )
    assert (second.channel, second.properties["_context"]) == (
        "ivr",
        {"app": {"name": "Shop", "version": "2"}},
    )


async def test_a_clock_that_is_wrong_is_corrected_beside_what_it_said(
    send, message, rows, worker_running, eventually
):
    claimed = NOW - timedelta(hours=3)
    wrong = message("track", 1, event="A", timestamp=claimed.isoformat())
    await send(wrong, sentAt=(claimed + timedelta(minutes=5)).isoformat())
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 1))
    [row] = await rows(STORED)
    assert row.occurred_at == claimed
    corrected = datetime.fromisoformat(row.properties["_corrected_at"])
    assert abs(row.received_at - timedelta(minutes=5) - corrected) < timedelta(milliseconds=1)


async def test_a_bad_message_is_put_aside_and_the_others_are_taken(
    send, message, rows, worker_running, eventually, client
):
    await send(
        message("track", 1, event="Good"),
        message("track", 2),
        message("track", 3, event="A", userId=None),
        message("track", 4, event="A", userId="null", anonymousId="0000"),
        message("track", 5, event="A", context={"channel": "pigeon"}),
        message("shout", 6),
        message("track", 7, event="A", timestamp="yesterday"),
        message("track", 8, event="A", properties={"text": "x" * 33_000}),
        message("track", 9, event="A", properties=[1]),
        "nothing",
        message("alias", 10),
        message("group", 11),
        message("track", 12, event="Also good"),
    )
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 2))
    letters = (await client.get("/v1/interaction-dead-letters")).json()["items"]
    assert len(letters) == 11
    assert {letter["source"] for letter in letters} == {"web-shop"}
    assert Counter(letter["reason"] for letter in letters) == {
        "kind_malformed": 1,
        "customer_ambiguous": 4,
        "channel_unknown": 1,
        "item_malformed": 4,
        "message_too_large": 1,
    }


@pytest.mark.parametrize("direction", [["inbound"], {"in": "bound"}, 1, "sideways"])
async def test_a_direction_that_is_none_is_a_property_like_any_other(
    send, message, rows, worker_running, eventually, direction
):
    odd = message("track", 1, event="Odd", properties={"direction": direction})
    await send(odd, message("track", 2, event="Good", properties={"direction": "inbound"}))
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 2))
    assert [(row.direction, row.properties["direction"]) for row in await rows(STORED)] == [
        ("inbound", "inbound"),
        (None, direction),
    ]


@pytest.mark.parametrize("sent", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
async def test_a_clock_that_no_calendar_can_correct_is_left_alone(
    send, message, rows, worker_running, eventually, sent
):
    await send(message("track", 1, event="A"), message("page", 2, name="B", sentAt=sent), sentAt=sent)
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 2))
    assert all("_corrected_at" not in row.properties for row in await rows(STORED))


async def test_half_a_character_in_one_message_is_no_reason_to_refuse_the_others(
    shop, message, rows, worker_running, eventually, client
):
    good, bad = (
        message("track", 1, event="Good"),
        message("track", 2, event="A", properties={"text": "\ud83d"}),
    )
    answer = await shop.post("/v1/batch", content=json.dumps({"batch": [bad, good]}), headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 1))
    letters = (await client.get("/v1/interaction-dead-letters")).json()["items"]
    assert [letter["reason"] for letter in letters] == ["item_malformed"]


async def test_a_batch_that_was_sent_at_no_time_is_taken(send, message, rows, worker_running, eventually):
    await send(message("track", 1, event="A"), sentAt="2026-11-28T10:00:00")
    await send(message("track", 2, event="A"), sentAt=17)
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 2))


async def test_a_message_without_an_id_is_known_again_whenever_it_comes(
    send, message, rows, worker_running, eventually
):
    claimed = NOW - timedelta(hours=3)
    nameless = message("track", 1, event="A", timestamp=claimed.isoformat(), messageId=None)
    for minutes in (5, 6):
        await send(nameless, sentAt=(claimed + timedelta(minutes=minutes)).isoformat())
    await send(message("track", 1, event="Last"))
    async with worker_running():
        await eventually(lambda: _last(rows))
    assert len(await rows(STORED)) == 2


async def _last(rows):
    return any(row.kind == "last" for row in await rows(STORED))


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("batch", b"{", 400, "malformed_request"),
        ("batch", b'{"batch": ["\xff"]}', 400, "malformed_request"),
        ("batch", b'{"batch": 1}', 422, "batch_refused"),
        ("batch", b"[]", 422, "batch_refused"),
        ("batch", b'{"batch": ["' + b"x" * 512_000 + b'"]}', 400, "message_too_large"),
        ("track", b'{"event": "' + b"x" * 32_768 + b'"}', 400, "message_too_large"),
        ("track", b'{"event": "A"}', 422, "item_refused"),
        ("track", b"nothing", 400, "malformed_request"),
    ],
)
async def test_a_bad_body_is_a_problem(shop, path, body, status, code):
    answer = await shop.post(f"/v1/{path}", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_each_kind_of_message_has_a_path_of_its_own(
    shop, message, rows, worker_running, eventually, customer
):
    said = {
        "track": {"event": "A"},
        "page": {"name": "B"},
        "screen": {"name": "C"},
        "group": {"groupId": "g"},
    }
    said |= {"identify": {"traits": {"plan": "5G"}}, "alias": {"previousId": "u-0"}}
    for number, (verb, members) in enumerate(said.items()):
        body = {key: value for key, value in message(verb, number, **members).items() if key != "type"}
        answer = await shop.post(
            f"/v1/{verb}", content=json.dumps(body), headers={"content-type": "text/plain"}
        )
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text
    async with worker_running():
        await eventually(lambda: _count(rows, STORED, 3))
        await eventually(lambda: _count(rows, "SELECT 1 FROM person_member", 2))
    assert (await customer("u-1"))["attributes"] == {"plan": "5G", "group_id": "g"}
    assert (await customer("g", "web-shop.group"))["kind"] == "enterprise"


async def _count(rows, sql, number):
    return len(await rows(sql)) == number
