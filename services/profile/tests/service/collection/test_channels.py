"""Every channel that ships has a message of its own in `channels/`, and a new one is a row."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from careloop_common import clock

FIXTURES = sorted((Path(__file__).parent / "channels").glob("*.json"))
PATHS = {
    "segment": ("/v1/batch", "application/json", lambda one: {"batch": [one]}),
    "cloudevent": ("/v1/events", "application/cloudevents-batch+json", lambda one: [one]),
    "interaction": ("/v1/interactions/batch", "application/json", lambda one: {"items": [one]}),
}
SHOWN = ("channel", "kind", "direction", "amount", "properties")
STORED = "SELECT * FROM interaction"


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
async def test_a_message_of_a_channel_becomes_its_row(
    shop, path, rows, worker_running, eventually, register, client_as
):
    at = clock.now().replace(microsecond=0) - timedelta(hours=1)
    fixture = json.loads(path.read_text("utf-8").replace("{time}", at.isoformat()))
    await register(source="web-shop", external_id="u-1")
    address, media, body_of = PATHS[fixture["form"]]
    body = json.dumps(body_of(fixture["message"]))
    answer = await shop.post(address, content=body, headers={"content-type": media})
    assert answer.status_code in {200, 202}
    async with worker_running():
        await eventually(lambda: _count(rows, 1))
    [row] = await rows(STORED)
    expected = {"channel": path.stem, "direction": None, "amount": None} | fixture["row"]
    found = {name: getattr(row, name) for name in SHOWN}
    found["amount"] = row.amount and str(row.amount)
    assert (row.occurred_at, found) == (at, expected)


async def test_every_channel_that_ships_has_a_fixture(client):
    channels = (await client.get("/v1/channels")).json()["items"]
    assert {one["code"] for one in channels} == {path.stem for path in FIXTURES}
    assert len(channels) >= 24


async def test_a_new_channel_is_taken_at_once_and_recognised_by_what_its_row_says(
    client, send, message, rows, worker_running, eventually
):
    television = {"code": "tv", "name": "Television", "name_zh": "电视大屏", "rank": 5}
    television |= {"matches": [{"device.type": ["stb", "*tv"]}], "kinds": {"film_rented": "payment"}}
    answer = await client.post("/v1/channels", json=television)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    context = {"device": {"type": "SmartTV"}, "os": {"name": "Android"}}
    await send(message("track", 1, event="Film Rented", context=context, properties={"revenue": 6}))
    async with worker_running():
        await eventually(lambda: _count(rows, 1))
        [row] = await rows(STORED)
        assert (row.channel, row.kind, int(row.amount)) == ("tv", "payment", 6)
        revised = await client.patch("/v1/channels/tv", json={"matches": []}, headers={"if-match": '"1"'})
        assert (revised.status_code, revised.json()["version"]) == (200, 2)
        await send(message("track", 2, event="Film Rented", context=context))
        await eventually(lambda: _count(rows, 2))
    assert {row.channel for row in await rows(STORED)} == {"tv", "app_android"}


async def test_nothing_more_is_taken_from_a_channel_that_is_not_in_use(client, shop):
    await client.patch("/v1/channels/wap", json={"active": False})
    item = {"customer": {"email": "a@huaxing.cn"}, "channel": "wap", "kind": "a"}
    item |= {"occurred_at": clock.now().isoformat()}
    answer = await shop.post("/v1/interactions", json=item)
    assert answer.json()["reason"] == "channel_unknown"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "", {"code": "web", "name": "a", "name_zh": "a"}, 409, "channel_exists"),
        ("POST", "", {"code": "Tv!", "name": "a", "name_zh": "a"}, 422, "validation_failed"),
        ("POST", "", {"code": "tv", "name": "a", "name_zh": "a", "matches": [{}]}, 422, "validation_failed"),
        ("PATCH", "/web", {"matches": [{"os.name": ["*a*b*c*d*"]}]}, 422, "validation_failed"),
        ("PATCH", "/web", {"code": "other"}, 422, "validation_failed"),
        ("PATCH", "/pigeon", {"rank": 1}, 404, "channel_not_found"),
    ],
)
async def test_a_channel_that_cannot_be_is_refused(client, method, path, body, status, code):
    answer = await client.request(method, f"/v1/channels{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_who_saw_another_version_changes_nothing(client):
    answer = await client.patch("/v1/channels/web", json={"rank": 1}, headers={"if-match": '"7"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")


async def _count(rows, number):
    return len(await rows(STORED)) == number
