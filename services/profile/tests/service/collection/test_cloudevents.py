"""CloudEvents become interactions; source and id say which event one is."""

import json
from datetime import timedelta

import pytest
from careloop_common import clock

NOW = clock.now().replace(microsecond=0)
ONE, MANY = "application/cloudevents+json", "application/cloudevents-batch+json"
STORED = "SELECT * FROM interaction"


@pytest.fixture
def event():
    def make(number=1, **members):
        return {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "/bss/billing",
            "type": "invoice.sent",
            "time": (NOW - timedelta(minutes=number)).isoformat(),
            "data": {"number": number},
            "subject": "u-1",
        } | members

    return make


@pytest.fixture
def post(shop):
    async def send(body, media=MANY):
        return await shop.post("/v1/events", content=json.dumps(body), headers={"content-type": media})

    return send


async def test_events_are_stored_once_whoever_sends_them_and_however_often(
    post, event, rows, register, worker_running, eventually
):
    customer = await register(source="web-shop", external_id="u-1")
    timeless = {key: value for key, value in event(9).items() if key != "time"}
    named = event(3, subject=None, data={"customer": {"customer_id": customer["customer_id"]}, "a": 1})
    mine = event(4, subject=customer["customer_id"], data=[1, 2])
    other = event(1, source="/bss/other")
    for _ in range(2):
        answer = await post([event(1), event(2), named, mine, other, timeless])
        assert (answer.status_code, answer.json()) == (202, {"accepted": 6, "rejected": []})
    assert (await post(event(5), ONE)).json() == {"accepted": 1, "rejected": []}
    async with worker_running():
        await eventually(lambda: _count(rows, 7))
        await post([event(5), event(6), timeless])
        await eventually(lambda: _count(rows, 8))
    found = {json.dumps(row.properties) for row in await rows(STORED)}
    assert found >= {'{"a": 1}', '{"data": [1, 2]}', '{"number": 6}'}


async def test_a_wrong_event_is_refused_by_itself(post, event, client):
    answer = await post(
        [
            event(1),
            event(2, specversion="0.3"),
            event(3, id=""),
            event(4, subject=None),
            event(5, source="/nowhere"),
            event(6, channel="pigeon"),
            event(7, data_base64="AAAA"),
            event(8, data={"amount": "much"}),
            event(9, kind="Not A Kind"),
            event(10, data={"customer": {"name": "x"}}),
            event(11, time="2025-01-01"),
            7,
        ]
    )
    assert answer.json()["accepted"] == 1
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [
        (1, "item_malformed"),
        (2, "item_malformed"),
        (3, "customer_ambiguous"),
        (4, "channel_unknown"),
        (5, "channel_unknown"),
        (6, "properties_malformed"),
        (7, "amount_out_of_range"),
        (8, "kind_malformed"),
        (9, "item_malformed"),
        (10, "item_malformed"),
        (11, "item_malformed"),
    ]
    letters = (await client.get("/v1/interaction-dead-letters?form=cloudevent")).json()["items"]
    assert len(letters) == 11


async def test_half_a_character_in_one_event_is_no_reason_to_refuse_the_others(post, event):
    answer = await post([event(1, data={"text": "\ud83d"}), event(2)])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [(0, "item_malformed")]


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        ({}, "application/json", 415, "media_type_not_supported"),
        ({}, MANY, 422, "batch_refused"),
        ({}, ONE, 422, "item_refused"),
        ([1] * 1001, MANY, 413, "batch_too_large"),
    ],
)
async def test_a_bad_body_is_a_problem(post, body, media, status, code):
    answer = await post(body, media)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def _count(rows, number):
    return len(await rows(STORED)) == number
