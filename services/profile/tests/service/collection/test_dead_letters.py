"""What was refused is listed without a word of it, and taken once what was wrong is put right."""

from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_profile.interactions import policy
from careloop_profile.interactions.service import letters as dead_letters
from sqlalchemy import text

PATH = "/v1/interaction-dead-letters"
STORED = "SELECT * FROM interaction ORDER BY occurred_at"
TV = {"code": "tv", "name": "Television", "name_zh": "电视大屏"}


@pytest.fixture
def letters(client):
    async def found(**query):
        return (await client.get(PATH, params=query)).json()["items"]

    return found


@pytest.fixture
def bad(message):
    """`bad(1)`: a message of a channel that there will be."""

    def make(number, **members):
        return message("track", number, event="Watched", **members)

    return make


async def test_a_letter_that_came_with_its_batch_is_taken_as_if_it_had_been_good(
    client, send, bad, letters, rows, worker_running, eventually
):
    await send(bad(2), bad(1), context={"channel": "tv"}, sentAt=clock.now().isoformat())
    [one, other] = await letters()
    refused = await client.post(f"{PATH}/{one['id']}/replay")
    assert (refused.status_code, refused.json()["reason"]) == (422, "channel_unknown")
    await client.post("/v1/channels", json=TV)
    assert (await client.post(f"{PATH}/{one['id']}/replay")).status_code == 204
    again = await client.post(f"{PATH}/{one['id']}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "dead_letter_replayed")
    answer = await client.post(f"{PATH}/replay", json={"reason": "channel_unknown"})
    assert answer.json() == {"replayed": 1, "failed": 0, "left": 0}
    async with worker_running():
        await eventually(lambda: _count(rows, 2))
    assert [row.channel for row in await rows(STORED)] == ["tv", "tv"]
    assert [one["id"] for one in await letters(waiting=True)] == []
    assert {one["id"] for one in await letters(waiting=False)} == {one["id"], other["id"]}


async def test_a_letter_is_no_larger_for_what_its_batch_said_of_it(client, send, bad, letters):
    nearly = bad(1, properties={"text": "x" * 32_200})
    much = bad(2, properties={"text": "x" * 33_000})
    await send(nearly, much, context={"channel": "tv", "ip": "x" * 1000})
    await client.post("/v1/channels", json=TV)
    for reason, replayed in (("channel_unknown", 1), ("message_too_large", 0)):
        answer = await client.post(f"{PATH}/replay", json={"reason": reason})
        assert answer.json() == {"replayed": replayed, "failed": 1 - replayed, "left": 1 - replayed}


async def test_letters_of_every_form_are_replayed_and_what_came_meanwhile_is_not_doubled(
    client, shop, send, bad, letters, rows, worker_running, eventually, register
):
    await register(source="web-shop", external_id="u-1")
    at = clock.now() - timedelta(hours=1)
    item = {"customer": {"source": "web-shop", "external_id": "u-1"}, "channel": "tv", "kind": "watched"}
    item |= {"occurred_at": at.isoformat(), "message_id": "i-1"}
    event = {"specversion": "1.0", "id": "e-1", "source": "/tv", "type": "watched", "channel": "tv"}
    event |= {"time": at.isoformat(), "subject": "u-1"}
    media = {"content-type": "application/cloudevents-batch+json"}
    wrong = bad(1, context={"channel": "tv"})
    await send(wrong)
    await shop.post("/v1/interactions/batch", json={"items": [item]})
    await shop.post("/v1/events", json=[event], headers=media)
    assert {one["form"] for one in await letters()} == {"segment", "interaction", "cloudevent"}
    await client.post("/v1/channels", json=TV)
    await send(wrong)
    answer = await client.post(f"{PATH}/replay", json={"reason": "channel_unknown"})
    assert answer.json() == {"replayed": 3, "failed": 0, "left": 0}
    async with worker_running():
        await eventually(lambda: _count(rows, 3))


async def test_what_is_refused_again_waits_for_the_reason_that_it_has_now(
    client, send, bad, letters, message
):
    await send(bad(1, context={"channel": "tv"}, userId="null"), message("track", 2))
    answer = await client.post(f"{PATH}/replay", json={"reason": "customer_ambiguous"})
    assert answer.json() == {"replayed": 0, "failed": 1, "left": 1}
    [one] = await letters(reason="customer_ambiguous")
    assert (one["attempts"], one["times"]) == (2, 1)


async def test_a_message_that_comes_again_is_one_letter(send, bad, letters):
    for _ in range(3):
        await send(bad(1, context={"channel": "tv"}))
    [one] = await letters()
    assert one["times"] == 3


async def test_the_list_shows_nothing_that_was_sent(send, shop, message, client):
    secret = "13801234567"
    items = [{"customer": {"phone": secret}, secret: 1}, {"direction": secret}, {"kind": secret}]
    await shop.post("/v1/interactions/batch", json={"items": items})
    await send(message("track", 1, event="A", userId={"phone": secret}), message(secret, 2))
    answer = await client.get(PATH)
    assert len(answer.json()["items"]) == 5
    assert secret not in answer.text


async def test_what_the_database_refuses_is_listed_and_replayed_as_well(
    client, shop, rows, letters, worker_running, eventually, register, monkeypatch, runtime
):
    await register(source="crm", external_id="A-1")
    item = {"customer": {"source": "crm", "external_id": "A-1"}, "channel": "web", "kind": "a"}
    at = clock.now() - timedelta(hours=1)
    items = [
        item | {"occurred_at": at.isoformat(), "message_id": f"{n}", "amount": 10.0**n} for n in range(16)
    ]
    with monkeypatch.context() as patch:
        patch.setattr(policy, "money", str)  # as if it let pass what the column does not hold
        await shop.post("/v1/interactions/batch", json={"items": items})
    async with worker_running():
        await eventually(lambda: _count(rows, 12))
    found = await letters(form="stored")
    assert len(found) == 4
    assert {(one["source"], one["reason"], one["detail"]) for one in found} == {
        ("interactions", "unexpected", "DBAPIError")
    }
    again = await client.post(f"{PATH}/{found[0]['id']}/replay")
    assert (again.status_code, again.json()["code"]) == (409, "dead_letter_refused")
    async with runtime.database.transaction() as session:
        await session.execute(text("ALTER TABLE interaction ALTER COLUMN amount TYPE numeric(30, 4)"))
    assert (await client.post(f"{PATH}/{found[0]['id']}/replay")).status_code == 204
    answer = await client.post(f"{PATH}/replay", json={"reason": "unexpected"})
    assert answer.json() == {"replayed": 3, "failed": 0, "left": 0}
    assert len(await rows("SELECT 1 FROM interaction")) == 16
    assert await letters(form="stored", waiting=True) == []


async def test_letters_are_forgotten_in_time(send, bad, runtime, letters):
    await send(bad(1, context={"channel": "tv"}))
    async with runtime.database.transaction() as session:
        assert await dead_letters.forget(session, now=clock.now() + timedelta(days=89), days=90) == 0
        assert await dead_letters.forget(session, now=clock.now() + timedelta(days=91), days=90) == 1
    assert await letters() == []


async def test_there_is_no_letter_that_there_is_not(client):
    for unknown in (ids.new_id(), UUID(int=7)):
        answer = await client.post(f"{PATH}/{unknown}/replay")
    assert (answer.status_code, answer.json()["code"]) == (404, "dead_letter_not_found")


async def _count(rows, number):
    return len(await rows(STORED)) == number
