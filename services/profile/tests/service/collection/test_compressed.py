"""Who sends much, or from afar, compresses it."""

import gzip
import json

import pytest

GZIP = {"content-type": "application/json", "content-encoding": "gzip"}
INTERACTIONS = "SELECT kind FROM interaction UNION ALL SELECT kind FROM interaction_unresolved"


def packed(document):
    return gzip.compress(json.dumps(document).encode(), mtime=0)


async def test_a_compressed_batch_is_taken_like_any_other(shop, message, rows, worker_running, eventually):
    body = packed({"batch": [message("page", n) for n in range(3)]})
    for _ in range(2):
        answer = await shop.post("/v1/batch", content=body, headers=GZIP)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert (
        await shop.post("/v1/track", content=packed(message("track", event="Seen")), headers=GZIP)
    ).is_success
    async with worker_running():
        found = await eventually(lambda: _all(rows, 4))
    assert sorted(row.kind for row in found) == ["page", "page", "page", "seen"]


async def _all(rows, count):
    found = await rows(INTERACTIONS)
    return found if len(found) == count else None


async def test_native_batches_and_events_may_be_compressed_too(shop):
    item = {
        "customer": {"source": "crm", "external_id": "1"},
        "channel": "web",
        "kind": "browse",
        "occurred_at": "2026-01-05T08:00:00Z",
    }
    event = {"specversion": "1.0", "id": "1", "source": "crm", "type": "browse", "subject": "u-1"}
    batch = await shop.post("/v1/interactions/batch", content=packed({"items": [item]}), headers=GZIP)
    assert (batch.status_code, batch.json()["accepted"]) == (202, 1)
    headers = GZIP | {"content-type": "application/cloudevents-batch+json"}
    events = await shop.post("/v1/events", content=packed([event]), headers=headers)
    assert (events.status_code, events.json()["accepted"]) == (202, 1)


@pytest.mark.parametrize(
    ("encoding", "body", "status", "code"),
    [
        ("gzip", b'{"batch": []}', 400, "malformed_request"),
        ("gzip", packed({"batch": []})[:-4], 400, "malformed_request"),
        ("gzip", packed({"batch": []}) + b"more", 400, "malformed_request"),
        ("gzip", packed("no batch"), 422, "batch_refused"),
        ("br", b"\x0b\x02\x80", 415, "media_type_not_supported"),
        ("gzip", gzip.compress(b" " * (501 << 10), mtime=0), 400, "message_too_large"),
        ("gzip", gzip.compress(b" " * (64 << 20), mtime=0), 413, "body_too_large"),
    ],
)
async def test_what_is_not_gzip_or_too_much_is_refused(shop, rows, encoding, body, status, code):
    answer = await shop.post("/v1/batch", content=body, headers=GZIP | {"content-encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await rows(INTERACTIONS) == []


async def test_other_routes_take_no_compressed_bodies(client):
    answer = await client.post("/v1/customers", content=packed({"name": "张伟"}), headers=GZIP)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_not_supported")
