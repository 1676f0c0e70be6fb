"""A person on one page, over all sources; where each value comes from; every touch in order."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from careloop_common import clock

NOW = clock.now().replace(microsecond=0)
PHONE = "138 0123 4567"
UNKNOWN = "0198c0de-0000-7000-8000-000000000001"


@pytest.fixture
def happen(client, runtime, worker_running, eventually):
    """`await happen((customer, "web", "browse", 5), …)`: touches, so many minutes ago, are stored."""
    numbers = itertools.count()

    async def send(*touches, **more):
        items = [
            {
                "customer": {"customer_id": customer["customer_id"]},
                "channel": channel,
                "kind": kind,
                "occurred_at": (NOW - timedelta(minutes=minutes)).isoformat(),
                "message_id": str(next(numbers)),
                **more,
            }
            for customer, channel, kind, minutes in touches
        ]
        answer = await client.post("/v1/interactions/batch", json={"items": items})
        assert answer.json()["accepted"] == len(items), answer.text
        async with worker_running():
            for customer in {touch[0]["customer_id"] for touch in touches}:
                expected = sum(touch[0]["customer_id"] == customer for touch in touches)
                await eventually(lambda c=customer, n=expected: _stored(client, c, n))

    return send


async def _stored(client, customer_id, count):
    rows = (await client.get(f"/v1/customers/{customer_id}/interactions")).json()["items"]
    return len(rows) >= count


@pytest.fixture
def merge(client):
    async def post(one, other):
        body = {"customer_id": other["customer_id"], "reason": "the same woman at the counter"}
        answer = await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
        assert answer.status_code == 201, answer.text

    return post


@pytest.fixture
def overview(client):
    async def read(customer, **query):
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/overview", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


def ways(page):
    return [(touch["channel"], touch["kind"]) for touch in page["items"]]


class TestOverview:
    async def test_a_customer_alone_is_a_person_of_one(self, register, overview):
        customer = await register(name="张伟", phone=PHONE, source="crm", external_id="1")
        found = await overview(customer)
        assert found["person_id"] == customer["customer_id"]
        assert [one["source"] for one in found["customers"]] == ["crm"]
        assert (found["masked"], found["facts"]["name"], found["explained"]) == (True, "张*", None)
        assert found["activity"]["interactions"] == 0
        assert found["last_interactions"] == []

    async def test_products_devices_counters_and_touches_are_those_of_all_customers(
        self, client, register, merge, overview, happen
    ):
        plan = {"product": "mobile", "plan": "5G", "started_on": "2025-03-01"}
        one = await register(name="张伟", source="crm", subscriptions=[plan])
        other = await register(name="张伟", source="iptv", region="华东", subscriptions=[{"product": "iptv"}])
        path = f"/v1/customers/{other['customer_id']}/devices/{UNKNOWN}"
        assert (await client.put(path, json={"type": "set_top_box"})).is_success
        await merge(one, other)
        await happen((one, "web", "browse", 3), (other, "web", "complaint", 2), (one, "hotline", "call", 1))
        found = await overview(other)
        assert found["person_id"] == one["customer_id"]
        assert [one["source"] for one in found["customers"]] == ["crm", "iptv"]
        assert {(item["product"], item["customer_id"]) for item in found["subscriptions"]} == {
            ("mobile", one["customer_id"]),
            ("iptv", other["customer_id"]),
        }
        assert [device["customer_id"] for device in found["devices"]] == [other["customer_id"]]
        activity = found["activity"]
        assert (activity["interactions"], activity["complaints"]) == (3, 1)
        assert {row["channel"]: row["interactions"] for row in activity["channels"]} == {
            "web": 2,
            "hotline": 1,
        }
        assert [(touch["kind"], touch["customer_id"]) for touch in found["last_interactions"]] == [
            ("call", one["customer_id"]),
            ("complaint", other["customer_id"]),
            ("browse", one["customer_id"]),
        ]

    async def test_personal_facts_are_masked_unless_the_reader_may_see_them(self, register, insider):
        customer = await register(name="张伟", phone=PHONE)
        path = f"/v1/customers/{customer['customer_id']}/overview"
        found = (await insider.get(path)).json()
        assert (found["masked"], found["facts"]["name"], found["facts"]["phone"]) == (
            False,
            "张伟",
            "+8613801234567",
        )

    async def test_nobody_has_no_page(self, client):
        for page in ("overview", "trajectory"):
            answer = await client.get(f"/v1/customers/{UNKNOWN}/{page}")
            assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")


class TestExplained:
    async def test_every_value_says_from_whom_it_is_and_since_when(
        self, client, register, merge, overview, happen
    ):
        yes = {"purpose": "marketing", "channel": "sms", "granted": True, "at": "2026-01-05T08:00:00+08:00"}
        one = await register(name="张伟", source="crm", consents=[yes], subscriptions=[{"product": "mobile"}])
        no = yes | {"granted": False}
        other = await register(name="张伟", source="bss", region="华东", consents=[no])
        await merge(one, other)
        await happen((one, "web", "browse", 3))
        found = await overview(one, explain=True)
        explained = found["explained"]
        for pointer in _values(found):
            assert {"customer_id", "source", "since", "why"} == explained[pointer].keys(), pointer
        assert explained["/facts/region"]["source"] == "bss"
        assert explained["/facts/region"]["since"] == other["created_at"]
        assert explained["/consents/0"]["customer_id"] == other["customer_id"]
        assert found["consents"][0]["status"] == "denied"
        assert "manual" in explained["/customers/0"]["why"]
        assert explained["/activity"]["since"] == found["last_interactions"][0]["occurred_at"]

    async def test_a_changed_value_is_so_since_the_change(self, client, register, overview):
        customer = await register(name="张伟", region="华东", vip=True)
        path = f"/v1/customers/{customer['customer_id']}"
        revised = (await client.patch(path, json={"region": "华北"}, headers={"if-match": '"1"'})).json()
        explained = (await overview(customer, explain=True))["explained"]
        assert explained["/facts/region"]["since"] == revised["updated_at"]
        assert explained["/facts/vip"]["since"] == customer["created_at"]


def _values(page):
    """Pointers to all that a page says."""
    yield from (f"/facts/{name}" for name in page["facts"])
    for of in ("customers", "subscriptions", "devices", "consents", "last_interactions"):
        yield from (f"/{of}/{place}" for place in range(len(page[of])))
    yield "/activity"
    yield from (f"/activity/channels/{place}" for place in range(len(page["activity"]["channels"])))


class TestTrajectory:
    @pytest.fixture
    async def person(self, register, merge, happen):
        one, other = await register(name="张伟", source="crm"), await register(name="张伟", source="bss")
        await merge(one, other)
        await happen(
            *((one if n % 2 else other, "web" if n % 3 else "hotline", "browse", n) for n in range(12))
        )
        return one

    async def test_pages_have_every_touch_once_and_in_order(self, client, person):
        path, seen, cursor = f"/v1/customers/{person['customer_id']}/trajectory", [], None
        while True:
            query = {"limit": 5} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=query)).json()
            seen += [touch["occurred_at"] for touch in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert [datetime.fromisoformat(at) for at in seen] == [
            (NOW - timedelta(minutes=n)).astimezone(UTC) for n in range(12)
        ]

    async def test_what_is_long_ago_is_read_with_what_is_new(self, client, register, happen):
        customer = await register(name="张伟")
        await happen(*((customer, "web", "browse", days * 24 * 60) for days in (0, 5, 9, 20, 300)))
        path, seen, cursor = f"/v1/customers/{customer['customer_id']}/trajectory", [], None
        for _ in range(3):
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=query)).json()
            seen += [datetime.fromisoformat(touch["occurred_at"]) for touch in page["items"]]
            cursor = page["next_cursor"]
        assert seen == [NOW - timedelta(days=days) for days in (0, 5, 9, 20, 300)]
        assert cursor is None

    async def test_touches_can_be_chosen_by_channel_and_time(self, client, person):
        path = f"/v1/customers/{person['customer_id']}/trajectory"
        calls = (await client.get(path, params={"channel": "hotline"})).json()
        assert ways(calls) == [("hotline", "browse")] * 4
        until = (NOW - timedelta(minutes=2)).isoformat()
        since = (NOW - timedelta(minutes=5)).isoformat()
        found = (await client.get(path, params={"since": since, "until": until})).json()
        assert len(found["items"]) == 3
        assert (await client.get(path, params={"kind": "none"})).json() == {"items": [], "next_cursor": None}
        answer = await client.get(path, params={"since": "yesterday"})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
