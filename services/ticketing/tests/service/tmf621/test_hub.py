"""Notifications of TM Forum Trouble Ticket, to a listener that really listens."""

import hashlib
import hmac
import json

import pytest
from careloop_common import clock
from careloop_ticketing.tmf621.models import DeliveryRow
from sqlalchemy import update

HUB4, HUB5 = "/tmf-api/troubleTicket/v4/hub", "/tmf-api/troubleTicket/v5/hub"


@pytest.fixture
def settings_overrides():
    return {"hub_networks": "127.0.0.0/8", "hub_retry_seconds": 0.05, "hub_seconds": 0.05}


def names(got):
    return [path.rpartition("/")[2].removeprefix("troubleTicket") for path, _, _ in got]


@pytest.mark.parametrize("hub", [HUB4, HUB5])
async def test_a_life_is_told_in_order_in_the_form_of_the_version(
    hub, subscribe, open_ticket, act, listener, tell
):
    made = await subscribe(hub)
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    await act(ticket, "notes", text="仍在等待")
    await act(ticket, "resolve")
    await tell()
    got = listener[1]
    assert names(got) == [
        "CreateEvent", "StatusChangeEvent", "StatusChangeEvent", "InformationRequiredEvent",
        "AttributeValueChangeEvent", "StatusChangeEvent", "ResolvedEvent",
    ]  # fmt: skip
    bodies = [json.loads(body) for _, _, body in got]
    statuses = [one["event"]["troubleTicket"]["status"] for one in bodies]
    assert statuses == [
        "acknowledged", "inProgress", "pending", "pending", "pending", "resolved", "resolved",
    ]  # fmt: skip
    moment = "timeOcurred" if hub == HUB4 else "timeOccurred"
    assert all(moment in one and one["eventType"].startswith("TroubleTicket") for one in bodies)
    assert all(("@type" in one) == (hub == HUB5) for one in bodies)
    assert len({one["eventId"] for one in bodies}) == len(bodies)
    _, headers, body = got[0]
    at, _, signed = headers["x-careloop-signature"].partition(",v1=")
    text = at.removeprefix("t=").encode() + b"." + body
    assert hmac.new(made["secret"].encode(), text, hashlib.sha256).hexdigest() == signed


async def test_a_query_chooses_event_types(subscribe, open_ticket, act, listener, tell):
    await subscribe(query="eventType=TroubleTicketResolvedEvent")
    await act(await open_ticket(), "resolve")
    await tell()
    assert names(listener[1]) == ["ResolvedEvent"]


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_a_failed_notification_holds_back_those_after_it(
    status, subscribe, open_ticket, act, listener, worker_running, eventually
):
    _, got, answers = listener
    answers.extend([status, status])
    await subscribe()
    await act(await open_ticket(), "respond")
    async with worker_running():
        await eventually(lambda: len(got) == 4)
    assert names(got) == ["CreateEvent", "CreateEvent", "CreateEvent", "StatusChangeEvent"]
    assert len({json.loads(body)["eventId"] for _, _, body in got[:3]}) == 1


async def test_order_survives_workers_that_are_stopped(
    subscribe, open_ticket, act, listener, worker_running, eventually
):
    _, got, answers = listener
    answers.extend([500] * 3)
    await subscribe()
    ticket = await open_ticket()
    async with worker_running():
        await act(ticket, "respond")
        await eventually(lambda: got)
    await act(ticket, "resolve")
    async with worker_running():
        await eventually(lambda: "ResolvedEvent" in names(got))
    once = list(dict.fromkeys(json.loads(body)["eventId"] for _, _, body in got))
    order = [(names([one]), json.loads(one[2])["eventId"]) for one in got]
    firsts = [next(name[0] for name, event in order if event == wanted) for wanted in once]
    assert firsts == ["CreateEvent", "StatusChangeEvent", "StatusChangeEvent", "ResolvedEvent"]


async def test_after_a_day_it_is_given_up_and_can_be_seen(
    subscribe, open_ticket, client, listener, runtime, tell
):
    made = await subscribe()
    listener[2].extend([500] * 50)
    await open_ticket()
    await tell()
    async with runtime.database.transaction() as session:
        long_ago = clock.now().replace(year=2020)
        await session.execute(update(DeliveryRow).values(give_up_at=long_ago, next_at=long_ago))
    await tell()
    shown = (await client.get(f"{HUB5}/{made['id']}")).json()
    assert shown["deliveries"] == {
        "state": "failing", "waiting": 0, "delivered": 0, "givenUp": 1, "lastError": "status 500",
    }  # fmt: skip
    assert "secret" not in shown


async def test_a_subscription_ends(subscribe, open_ticket, client, listener, tell):
    made = await subscribe(HUB4)
    assert (await client.delete(f"{HUB4}/{made['id']}")).status_code == 204
    assert (await client.delete(f"{HUB4}/{made['id']}")).status_code == 404
    await open_ticket()
    await tell()
    assert listener[1] == []


class TestGuard:
    @pytest.fixture
    def settings_overrides(self):
        return {"hub_retry_seconds": 0.05}

    @pytest.mark.parametrize(
        "callback",
        [
            "http://127.0.0.1/", "http://10.0.0.1/x", "http://169.254.169.254/latest", "http://[::1]/",
            "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::a00:1]/", "http://224.0.0.1/", "http://0.0.0.0/",
            "http://localhost/", "ftp://example.com/", "http://u:p@example.com/", "http:///x", "nothing",
            "http://example.com/?a=b", "http://[fe80::1]/", "http://100.64.0.1/", "http://[::1",
            "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0x7f.1/",
            "http://017700000001/", "http://127.0.0.1./", "http://10.1/", "http://0/", "http://localhost./",
            "http://LocalHost/", "http://x.localhost./", "http://localhost.localdomain/", "http://%31%32%37.1/",
            "http://127.0.0.1\\.example.com/", "http://a..b/",
        ],
    )  # fmt: skip
    async def test_addresses_inside_are_refused(self, client, callback):
        answer = await client.post(HUB4, json={"callback": callback})
        assert (answer.status_code, answer.json()["code"]) == (400, "callback_refused"), answer.text

    @pytest.mark.parametrize(
        "callback", ["http://8.8.8.8/", "http://0x08080808/", "https://crm.example./tmf"]
    )
    async def test_addresses_outside_are_taken_as_they_are(self, client, callback):
        made = await client.post(HUB4, json={"callback": callback})
        assert (made.status_code, made.json().get("callback")) == (201, callback)

    async def test_names_of_addresses_inside_are_refused_at_each_attempt(
        self, client, open_ticket, tell, listener, monkeypatch
    ):
        port = listener[0].rpartition(":")[2]
        _resolve_to_loopback(monkeypatch, "localtest")
        made = await client.post(HUB5, json={"@type": "Hub", "callback": f"http://localtest:{port}"})
        assert made.status_code == 201, made.text
        await open_ticket()
        await tell()
        shown = (await client.get(f"{HUB5}/{made.json()['id']}")).json()
        assert shown["deliveries"]["lastError"] == "address not permitted"
        assert listener[1] == []

    @pytest.mark.parametrize("query", ["x=1", "eventType=Nothing", "free words"])
    async def test_queries_that_it_does_not_understand_are_refused(self, client, query):
        answer = await client.post(HUB4, json={"callback": "https://example.com", "query": query})
        assert (answer.status_code, answer.json()["code"]) == (400, "attribute_invalid")


def _resolve_to_loopback(monkeypatch, name):
    import socket

    real = socket.getaddrinfo

    def lookup(host, *rest, **more):
        return real("127.0.0.1" if host == name else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


async def test_only_who_may_subscribe_does(client_as):
    answer = await client_as("tickets:read", "tickets:write").post(
        HUB4, json={"callback": "https://a.example"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
