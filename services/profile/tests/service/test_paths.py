"""What people do before they complain, and what became of who did."""

from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_profile.overview import signals

NOW = clock.now().replace(microsecond=0)


@pytest.fixture
def happen(client, runtime, worker_running, eventually):
    """`await happen((customer, "web", "browse", 5), …)`: touches, so many minutes ago, are stored."""
    sent = []

    async def send(*touches):
        items = [
            {
                "customer": {"customer_id": customer["customer_id"]},
                "channel": channel,
                "kind": kind,
                "occurred_at": (NOW - timedelta(minutes=minutes)).isoformat(),
                "message_id": str(len(sent) + number),
                "properties": properties[0] if properties else {},
            }
            for number, (customer, channel, kind, minutes, *properties) in enumerate(touches)
        ]
        answer = await client.post("/v1/interactions/batch", json={"items": items})
        assert answer.json()["accepted"] == len(items), answer.text
        sent.extend(items)
        async with worker_running():
            await eventually(lambda: _stored(client, touches))

    return send


async def _stored(client, touches):
    for customer in {touch[0]["customer_id"] for touch in touches}:
        rows = (await client.get(f"/v1/customers/{customer}/interactions")).json()["items"]
        if len(rows) < sum(touch[0]["customer_id"] == customer for touch in touches):
            return False
    return True


@pytest.fixture
def merge(client):
    async def post(one, other):
        body = {"customer_id": other["customer_id"], "reason": "the same woman at the counter"}
        answer = await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
        assert answer.status_code == 201, answer.text

    return post


@pytest.fixture
def paths(client):
    async def read(**query):
        answer = await client.get("/v1/interaction-paths", params={"outcome_kind": "complaint"} | query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


@pytest.fixture
def dissatisfied(client):
    async def read(**query):
        answer = await client.get("/v1/dissatisfied-customers", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


def ways(found):
    return {
        tuple(f"{step['channel']} {step['kind']}" for step in item["steps"]): item["outcomes"]
        for item in found["items"]
    }


class TestPaths:
    async def test_ways_to_an_outcome_go_through_all_customers_of_a_person(
        self, register, merge, happen, paths
    ):
        one, other, third = [await register(name="张伟", source=source) for source in ("crm", "bss", "oss")]
        await merge(one, other)
        await happen(
            (one, "web", "browse", 30),
            (other, "hotline", "call", 20),
            (one, "web", "complaint", 10),
            (third, "web", "browse", 31),
            (third, "hotline", "call", 21),
            (third, "web", "complaint", 11),
            (third, "app_ios", "login", 5),
        )
        found = await paths()
        assert ways(found) == {("web browse", "hotline call"): 2}
        assert (found["outcomes"], found["complete"]) == (2, True)
        assert found["items"][0]["share"] == 1
        assert found["items"][0]["hours"] == pytest.approx(1 / 3, abs=0.01)

    async def test_a_way_is_no_longer_than_asked_for_in_steps_and_in_time(self, register, happen, paths):
        customer = await register(name="张伟")
        await happen(
            (customer, "web", "browse", 600),
            (customer, "web", "login", 50),
            *((customer, "hotline", "call", minutes) for minutes in (40, 30, 20)),
            (customer, "web", "complaint", 10),
        )
        assert ways(await paths(length=2)) == {("web login", "hotline call"): 1}
        assert ways(await paths(length=5, window_hours=1)) == {("web login", "hotline call"): 1}
        assert ways(await paths(length=1)) == {("hotline call",): 1}
        [item] = (await paths(by="channel"))["items"]
        assert item["steps"] == [{"channel": "web", "kind": None}, {"channel": "hotline", "kind": None}]

    async def test_what_was_not_looked_at_is_told(self, register, happen, paths, monkeypatch):
        customer = await register(name="张伟")
        await happen(*((customer, "web", "complaint", minutes) for minutes in (40, 30, 20, 10)))
        found = await paths(sample=2)
        assert (found["outcomes"], found["complete"]) == (2, False)
        assert found["since"] == (NOW - timedelta(minutes=20)).isoformat().replace("+00:00", "Z")
        monkeypatch.setattr(signals, "SCANNED", 3)
        found = await paths()
        assert (found["outcomes"], found["complete"]) == (3, False)
        found = await paths(outcome_kind="payment")
        assert (found["outcomes"], found["complete"]) == (0, False)

    async def test_only_outcomes_of_the_time_and_channel_asked_for_count(self, register, happen, paths):
        customer = await register(name="张伟")
        await happen((customer, "web", "complaint", 90), (customer, "hotline", "complaint", 30))
        since = (NOW - timedelta(minutes=60)).isoformat()
        assert (await paths(since=since))["outcomes"] == 1
        assert (await paths(until=since))["outcomes"] == 1
        assert (await paths(outcome_channel="hotline"))["outcomes"] == 1

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "period_refused"),
            ({"since": "2025-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "period_refused"),
            ({"outcome_kind": "No Kind"}, "validation_failed"),
            ({"length": 9}, "validation_failed"),
            ({"sample": 10_000_000}, "validation_failed"),
        ],
    )
    async def test_what_asks_for_too_much_is_refused(self, client, query, code):
        answer = await client.get("/v1/interaction-paths", params={"outcome_kind": "complaint"} | query)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


class TestDissatisfied:
    async def test_who_complained_or_gave_a_bad_score_is_listed_once_with_all_contacts(
        self, register, merge, happen, dissatisfied
    ):
        one, other, rated, content = [
            await register(name="张伟", source=s) for s in ("crm", "bss", "oss", "erp")
        ]
        await merge(one, other)
        await happen(
            (one, "web", "browse", 60),
            (one, "web", "complaint", 50),
            (other, "hotline", "complaint", 40),
            (other, "hotline", "call", 30),
            (rated, "sms", "survey", 20, {"score": 1}),
            (content, "sms", "survey", 10, {"score": 5}),
            (content, "sms", "survey", 9, {"score": "1"}),
        )
        found = await dissatisfied()
        assert [(item["person_id"], item["signal"]["kind"]) for item in found["items"]] == [
            (rated["customer_id"], "survey"),
            (one["customer_id"], "complaint"),
        ]
        assert found["items"][1]["signal"]["channel"] == "hotline"
        contacts = found["items"][1]["contacts"]
        assert [(contact["channel"], contact["kind"]) for contact in contacts] == [
            ("hotline", "call"),
            ("hotline", "complaint"),
            ("web", "complaint"),
            ("web", "browse"),
        ]
        assert len((await dissatisfied(score_at_most=5))["items"]) == 3
        assert len((await dissatisfied(contacts=2))["items"][1]["contacts"]) == 2

    async def test_pages_list_everybody_once(self, register, happen, dissatisfied):
        people = [await register(name="张伟") for _ in range(5)]
        await happen(
            *((person, "web", "complaint", 10 * n + 1) for n, person in enumerate(people)),
            *((person, "web", "complaint", 10 * n + 200) for n, person in enumerate(people)),
        )
        seen, cursor = [], None
        while True:
            page = await dissatisfied(limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [item["person_id"] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == [person["customer_id"] for person in people]
