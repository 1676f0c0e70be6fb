"""Tags that people, imports and scores give."""

from datetime import timedelta

import pytest
from careloop_common import clock, ids
from careloop_contracts import ScoreChangedV1
from sqlalchemy import text

UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


@pytest.fixture
def give(client):
    async def put(customer, code, **body):
        return await client.put(f"/v1/customers/{customer['customer_id']}/tags/{code}", json=body)

    return put


@pytest.fixture
async def customer(register, look):
    made = await register(name="张伟")
    await look(made)
    return made


@pytest.fixture
def publish_score(broker):
    async def post(customer, **state):
        event = ScoreChangedV1(customer_id=customer["customer_id"], run_id=ids.new_id(), **state)
        await broker.publish(event)

    return post


async def test_a_tag_is_given_and_taken(client, customer, give, tags, history, explain):
    answer = await give(customer, "channel_wish", value="sms", source="hotline")
    assert (answer.status_code, answer.json()["changed"]) == (200, 1)
    assert (await tags(customer))["channel_wish"]["value"] == "sms"
    why = await explain(customer, "channel_wish")
    assert why["inputs"][0]["sources"][0]["source"] == "hotline"
    path = f"/v1/customers/{customer['customer_id']}/tags/channel_wish"
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 204
    assert "channel_wish" not in await tags(customer)
    assert [one["after"] for one in await history(customer, code="channel_wish")] == [None, "sms"]


@pytest.mark.parametrize(
    ("code", "value", "status", "problem"),
    [
        ("elderly", True, 409, "tag_not_given"),
        ("nothing", True, 404, "tag_not_found"),
        ("channel_wish", "pigeon", 422, "tag_value_refused"),
        ("koc_nominated", "yes", 422, "tag_value_refused"),
        ("koc_nominated", {"a": 1}, 422, "validation_failed"),
    ],
)
async def test_what_cannot_be_given_changes_nothing(customer, give, tags, code, value, status, problem):
    before = await tags(customer)
    answer = await give(customer, code, value=value)
    assert (answer.status_code, answer.json()["code"]) == (status, problem)
    assert await tags(customer) == before


async def test_of_many_either_all_are_given_or_none(client, customer, tags, register):
    other = await register(name="李娜")
    items = [{"customer_id": one["customer_id"]} for one in (customer, other)]
    path = "/v1/tag-definitions/event_guest/values"
    bad = await client.post(path, json={"source": "fair", "items": [*items, {"customer_id": UNKNOWN}]})
    assert (bad.status_code, bad.json()["code"]) == (404, "customer_not_found")
    wrong = [*items, {"customer_id": other["customer_id"], "value": "x"}]
    refused = await client.post(path, json={"source": "fair", "items": wrong})
    assert refused.json()["code"] == "tag_value_refused"
    assert refused.json()["errors"][0]["pointer"] == "/items/2/value"
    assert "event_guest" not in await tags(customer)
    good = await client.post(path, json={"source": "fair", "items": items})
    assert (good.status_code, good.json()["given"]) == (200, 2)
    assert "event_guest" in await tags(other)


async def test_what_was_given_for_a_time_ends_by_the_clock(customer, give, tags, look):
    await give(customer, "koc_nominated", value=True)
    await look(customer, kind="time", now=clock.now() + timedelta(days=364))
    assert "koc_nominated" in await tags(customer)
    await look(customer, kind="time", now=clock.now() + timedelta(days=366))
    assert "koc_nominated" not in await tags(customer)


async def test_scores_become_tags_and_rules_ask_for_them(
    customer, publish_score, worker_running, eventually, tags
):
    async with worker_running():
        await publish_score(customer, churn_probability=0.95, tier="warning")

        async def there():
            return {"churn_risk_extreme", "warning_customer"} <= set(await tags(customer))

        await eventually(there)
    assert (await tags(customer))["churn_probability"]["value"] == 0.95


async def test_the_given_tag_is_kept_with_the_customer(customer, give, runtime):
    await give(customer, "koc_nominated", value=True)
    async with runtime.database.transaction() as session:
        row = (await session.execute(text("SELECT customer_id, code, value FROM tag_given"))).one()
    assert (str(row[0]), row[1], row[2]) == (customer["customer_id"], "koc_nominated", True)
