"""Whose subscriptions they are, and what operators do about them."""

from datetime import timedelta

import pytest
from careloop_common import clock, ids
from careloop_ticketing.tmf621 import handlers
from careloop_ticketing.tmf621.models import DeliveryRow, SubscriptionRow
from careloop_ticketing.tmf621.service import subscribing
from sqlalchemy import update

HUB4, HUB5 = "/tmf-api/troubleTicket/v4/hub", "/tmf-api/troubleTicket/v5/hub"
SUBSCRIPTIONS = "/v1/hub-subscriptions"


@pytest.fixture
def settings_overrides():
    return {"hub_networks": "127.0.0.0/8", "hub_retry_seconds": 0.05, "hub_seconds": 0.05}


@pytest.fixture
def integrator(client_as):
    return client_as("tickets:subscribe", actor_id="integrator-1")


@pytest.fixture
def another(client_as):
    return client_as("tickets:subscribe", actor_id="integrator-2")


@pytest.fixture
def operator(client_as):
    return client_as("hubs:operate", "tickets:subscribe", actor_id="operator-1")


@pytest.mark.parametrize("hub", [HUB4, HUB5])
async def test_a_subscription_is_there_for_its_owner_and_for_operators_alone(
    hub, integrator, another, operator, is_error
):
    typed = {"@type": "Hub"} if hub == HUB5 else {}
    made = (await integrator.post(hub, json={"callback": "https://a.example/tmf/secret", **typed})).json()
    url = f"{hub}/{made['id']}"
    assert is_error(await another.get(url), 404, "hub_not_found")
    assert is_error(await another.delete(url), 404, "hub_not_found")
    for reader in (integrator, operator):
        shown = await reader.get(url)
        assert (shown.status_code, shown.json()["deliveries"]["waiting"]) == (200, 0)
        assert "secret" not in shown.json()
    other_version = HUB4 if hub == HUB5 else HUB5
    assert is_error(await integrator.get(f"{other_version}/{made['id']}"), 404, "hub_not_found")
    assert (await operator.delete(url)).status_code == 204
    assert is_error(await integrator.get(url), 404, "hub_not_found")


async def test_operators_see_who_has_what_sent_where_and_nobody_else_does(
    integrator, another, operator, listener
):
    await integrator.post(HUB4, json={"callback": "https://a.example:8443/tmf/secret"})
    await another.post(HUB5, json={"@type": "Hub", "callback": listener[0], "query": ""})
    pages = []
    cursor = {}
    while True:
        answer = (await operator.get(SUBSCRIPTIONS, params={"limit": 1, **cursor})).json()
        pages += answer["items"]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert [(one["created_by"], one["version"], one["state"]) for one in pages] == [
        ("integrator-2", 5, "active"),
        ("integrator-1", 4, "active"),
    ]
    assert pages[1]["host"] == "a.example:8443"
    assert "secret" not in str(pages)
    refused = await integrator.get(SUBSCRIPTIONS)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    one = await operator.get(f"{SUBSCRIPTIONS}/{pages[0]['id']}")
    assert one.json() == pages[0]
    assert (await operator.get(f"{SUBSCRIPTIONS}/{ids.new_id()}")).json()["code"] == "hub_not_found"


async def test_a_disabled_one_gets_what_happened_meanwhile_once_it_is_enabled(
    integrator, operator, open_ticket, listener, tell, runtime
):
    made = (await integrator.post(HUB4, json={"callback": listener[0]})).json()
    url = f"{SUBSCRIPTIONS}/{made['id']}"
    for _ in range(2):
        disabled = (await operator.post(f"{url}/disable")).json()
        assert (disabled["state"], disabled["disabled_by"]) == ("disabled", "operator-1")
    await open_ticket()
    await tell()
    shown = (await operator.get(url)).json()
    assert (listener[1], shown["waiting"]) == ([], 1)
    assert shown["oldest_waiting_at"]
    async with runtime.database.transaction() as session:
        later = clock.now() + timedelta(hours=1)
        await session.execute(update(SubscriptionRow).values(failures=9, open_until=later))
    enabled = (await operator.post(f"{url}/enable")).json()
    assert (enabled["state"], enabled["failures"], enabled["disabled_at"]) == ("active", 0, None)
    await tell()
    shown = (await operator.get(url)).json()
    assert (len(listener[1]), shown["waiting"], shown["delivered"]) == (1, 0, 1)


async def test_what_was_given_up_in_a_span_is_sent_again(
    integrator, operator, open_ticket, listener, tell, runtime
):
    made = (await integrator.post(HUB4, json={"callback": listener[0]})).json()
    begin = clock.now()
    await open_ticket()
    await handlers.write(runtime)
    async with runtime.database.transaction() as session:
        await session.execute(update(DeliveryRow).values(give_up_at=begin))
    await handlers.tend(runtime)
    url = f"{SUBSCRIPTIONS}/{made['id']}"
    assert (await operator.get(url)).json()["given_up"] == 1
    earlier = {"from": (begin - timedelta(hours=1)).isoformat(), "to": begin.isoformat()}
    assert (await operator.post(f"{url}/resend", json=earlier)).json() == {"count": 0, "more": False}
    span = {"from": begin.isoformat(), "to": clock.now().isoformat()}
    assert (await operator.post(f"{url}/resend", json=span)).json() == {"count": 1, "more": False}
    assert (await operator.post(f"{url}/resend", json=span)).json() == {"count": 0, "more": False}
    await handlers.tend(runtime)
    await tell()
    assert len(listener[1]) == 1
    shown = (await operator.get(url)).json()
    assert (shown["given_up"], shown["delivered"]) == (0, 1)


@pytest.mark.parametrize(
    "span",
    [
        {},
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2026-01-01", "to": "2026-01-02T00:00:00Z"},
    ],
)
async def test_a_span_has_a_beginning_and_an_end(integrator, operator, span):
    made = (await integrator.post(HUB4, json={"callback": "https://a.example"})).json()
    answer = await operator.post(f"{SUBSCRIPTIONS}/{made['id']}/resend", json=span)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize("act", ["disable", "enable", "resend"])
async def test_only_operators_do_so_and_only_to_what_there_is(integrator, operator, act):
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    body = {"json": span} if act == "resend" else {}
    url = f"{SUBSCRIPTIONS}/{ids.new_id()}/{act}"
    assert (await integrator.post(url, **body)).json()["code"] == "scope_missing"
    assert (await operator.post(url, **body)).json()["code"] == "hub_not_found"


async def test_one_caller_has_so_many_subscriptions_and_no_more(integrator, another, is_error):
    callback = {"callback": "https://a.example"}
    for _ in range(subscribing.MOST):
        assert (await integrator.post(HUB4, json=callback)).status_code == 201
    assert is_error(await integrator.post(HUB4, json=callback), 409, "too_many_hubs")
    assert (await another.post(HUB4, json=callback)).status_code == 201


async def test_the_secret_is_told_once_also_when_the_request_comes_again(integrator, is_error):
    given = {"json": {"callback": "https://a.example"}, "headers": {"idempotency-key": "hub-1"}}
    assert (await integrator.post(HUB4, **given)).json()["secret"]
    assert is_error(await integrator.post(HUB4, **given), 409, "secret_shown_once")
