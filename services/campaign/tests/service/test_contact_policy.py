import asyncio

import pytest
from careloop_campaign.contact.schemas import ContactPolicyDocument

DEFAULT = ContactPolicyDocument().model_dump(mode="json")


async def test_the_default_is_version_0_with_quiet_nights(client):
    answer = await client.get("/v1/contact-policy")
    assert answer.headers["etag"] == '"0"'
    assert answer.json()["version"] == 0
    assert answer.json()["policy"]["quiet_hours"] == {"start": "21:00:00", "end": "08:00:00"}
    assert answer.json()["policy"]["callback_seconds"] == 48 * 3600


async def test_each_change_is_a_version_and_if_match_guards_it(client):
    first = await client.put("/v1/contact-policy", json=DEFAULT | {"callback_seconds": 5})
    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 1, '"1"')
    stale = await client.put("/v1/contact-policy", json=DEFAULT, headers={"if-match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    fresh = await client.put("/v1/contact-policy", json=DEFAULT, headers={"if-match": '"1"'})
    assert fresh.json()["version"] == 2
    assert (await client.get("/v1/contact-policy")).json()["policy"] == DEFAULT


async def test_changes_at_the_same_time_queue_up(client):
    answers = await asyncio.gather(*(client.put("/v1/contact-policy", json=DEFAULT) for _ in range(6)))
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone_unknown"),
        ({"timezone": "../../etc/passwd"}, "timezone_unknown"),
        ({"timezone": "Asia"}, "timezone_unknown"),
        ({"timezone": "Asia/Shanghai\u0000"}, "timezone_unknown"),
        ({"caps": [{"hours": 0, "care": 1, "marketing": 1}]}, "validation_failed"),
        ({"caps": [{"hours": 24, "care": -1, "marketing": 1}]}, "validation_failed"),
        ({"quiet_hours": {"start": "21:00:00+08:00", "end": "08:00:00"}}, "validation_failed"),
        ({"quiet_hours": {"start": "25:00", "end": "08:00"}}, "validation_failed"),
        ({"channels": []}, "validation_failed"),
        ({"channels": ["pigeon"]}, "validation_failed"),
        ({"callback_seconds": 0}, "validation_failed"),
        ({"unknown": 1}, "validation_failed"),
    ],
)
async def test_what_cannot_be_a_policy_is_refused(client, change, code):
    answer = await client.put("/v1/contact-policy", json=DEFAULT | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await client.get("/v1/contact-policy")).json()["version"] == 0


async def test_writing_needs_its_scope(client_as):
    answer = await client_as("messages:read").put("/v1/contact-policy", json=DEFAULT)
    assert answer.status_code == 403
