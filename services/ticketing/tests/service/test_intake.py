import asyncio

import pytest
import sqlalchemy
from careloop_common import ids
from careloop_contracts import TicketOpenedV1

BODY = {"channel": "app", "subject": "话费不对"}


async def test_the_same_key_opens_the_ticket_once(client):
    headers = {"idempotency-key": "b7c1"}
    first = await client.post("/v1/tickets", json=BODY, headers=headers)
    again = await client.post("/v1/tickets", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len((await client.get("/v1/tickets")).json()["items"]) == 1


async def test_the_same_reference_of_the_same_source_finds_the_ticket(client):
    body = BODY | {"source": "crm", "external_ref": "250635"}
    first = await client.post("/v1/tickets", json=body)
    again = await client.post("/v1/tickets", json=body | {"subject": "写错了"})
    other = await client.post("/v1/tickets", json=body | {"source": "erp"})
    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 201]
    assert again.json()["id"] == first.json()["id"] != other.json()["id"]
    assert again.json()["acknowledgement"] == first.json()["acknowledgement"]


async def test_a_reference_that_comes_many_times_at_once_makes_one_ticket(client):
    body = BODY | {"external_ref": "77"}
    answers = await asyncio.gather(*(client.post("/v1/tickets", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_what_comes_under_a_known_reference_leaves_neither_history_nor_words(
    client, open_ticket, facts
):
    ticket = await open_ticket(external_ref="78")
    again = await client.post(
        "/v1/tickets", json=BODY | {"channel": "hotline", "external_ref": "78", "subject": "大象"}
    )
    assert (again.status_code, again.json()["id"]) == (200, ticket["id"])
    assert await facts(ticket) == ["opened", "classified"]
    assert (await client.get("/v1/tickets", params={"q": "大象"})).json()["items"] == []
    assert (await client.get("/v1/tickets", params={"q": "账单"})).json()["items"][0]["id"] == ticket["id"]


async def test_a_ticket_is_taken_in_by_few_statements(open_ticket, runtime):
    await open_ticket()
    engine, asked = runtime.database.engine.sync_engine, []

    def count(connection, cursor, statement, *rest):
        asked.append(statement.split(maxsplit=1)[0])

    sqlalchemy.event.listen(engine, "before_cursor_execute", count)
    try:
        await open_ticket()
    finally:
        sqlalchemy.event.remove(engine, "before_cursor_execute", count)
    # What is active; the ticket; its clocks; their timers; the events.
    assert asked == ["SELECT", "WITH", "WITH", "WITH", "INSERT"]


@pytest.mark.parametrize("by_reference", [True, False])
async def test_a_ticket_of_an_unknown_customer_is_linked_when_profile_tells(
    client, open_ticket, facts, publish, customer_registered, worker_running, eventually, by_reference
):
    event = customer_registered(external_id="7590-VHVEG", vip=True, region="上海")
    named = (
        {"customer": {"source": "crm", "external_id": "7590-VHVEG"}}
        if by_reference
        else {"customer_id": str(event.customer_id)}
    )
    ticket = await open_ticket(**named)
    assert (ticket["vip"], ticket["region"]) == (False, None)

    async def linked():
        shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        return shown if shown["vip"] else None

    async with worker_running():
        await publish(event)
        shown = await eventually(linked)
    assert (shown["customer_id"], shown["region"]) == (str(event.customer_id), "上海")
    targets = {clock["name"]: clock["target_seconds"] for clock in shown["clocks"]}
    assert [targets[name] for name in ("vip_pick_up", "first_response", "resolution")] == [15, 900, 43200]
    assert await facts(ticket) == ["opened", "classified", "linked"]


async def test_a_known_customer_gives_region_language_and_class(
    client, open_ticket, publish, customer_registered, worker_running, eventually, published
):
    event = customer_registered(external_id="K-1", language="en", region="深圳")
    await publish(event)
    named = {"customer": {"source": "crm", "external_id": "K-1"}}
    async with worker_running():

        async def known():
            ticket = await open_ticket(**named)
            return ticket if ticket["region"] else None

        ticket = await eventually(known)
        assert ticket["acknowledgement"].startswith("We have received")
        assert ticket["customer_id"] == str(event.customer_id)
        await eventually(lambda: published(TicketOpenedV1))


async def test_an_older_state_of_a_customer_does_not_overwrite_a_newer_one(session, customer_registered):
    from careloop_common import clock
    from careloop_common.messaging.subscription import Delivery, Meta
    from careloop_ticketing.customers import service as customers
    from careloop_ticketing.tickets import handlers

    newest = customer_registered(version=3, region="广州")

    def delivered(event):
        meta = Meta(ids.new_id(), event.type, clock.now(), clock.now(), str(event.customer_id))
        return Delivery(event, meta)

    older = newest.model_copy(update={"version": 2, "region": "武汉"})
    await handlers.on_customers(session, [delivered(newest), delivered(older)])
    await handlers.on_customers(session, [delivered(older)])
    found = await customers.find(session, newest.customer_id, None)
    assert (found.version, found.region) == (3, "广州")


@pytest.fixture
def customer_of(runtime, open_ticket, customer_registered):
    """`await customer_of()`: what says of a new customer what profile says next, and an open ticket of theirs."""
    from careloop_common import clock
    from careloop_common.messaging.subscription import Delivery, Meta
    from careloop_ticketing.tickets import handlers

    async def make(**given):
        event = customer_registered(**given)

        async def say(**news):
            said = event.model_copy(update=news)
            meta = Meta(ids.new_id(), said.type, clock.now(), clock.now(), str(said.customer_id))
            async with runtime.database.transaction() as session:
                await handlers.on_customers(session, [Delivery(said, meta)])

        await say()
        return say, await open_ticket(customer_id=str(event.customer_id))

    return make


async def test_open_tickets_follow_a_customer_who_becomes_vip(client, customer_of, facts):
    say, ticket = await customer_of(region="北京")
    await say(version=2, vip=True, region="上海")
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["vip"], shown["region"]) == (True, "上海")
    targets = {clock["name"]: clock["target_seconds"] for clock in shown["clocks"]}
    assert [targets[name] for name in ("vip_pick_up", "first_response", "resolution")] == [15, 900, 43200]
    assert await facts(ticket) == ["opened", "classified", "customer_changed"]
    entry = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (entry["before"]["vip"], entry["after"]["vip"], entry["after"]["region"]) == (False, True, "上海")
    assert entry["after"]["resolution"]["target_seconds"] == 43200
    await say(version=3, vip=False)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    targets = {clock["name"]: clock["target_seconds"] for clock in shown["clocks"] if not clock["cancelled"]}
    assert [targets.get(name) for name in ("vip_pick_up", "first_response", "resolution")] == [
        None,
        1800,
        86400,
    ]


async def test_a_clock_of_vip_customers_begins_when_the_customer_becomes_one(client, customer_of):
    from careloop_ticketing import defaults

    document = defaults.sla_policy()
    document["clocks"]["care"] = document["clocks"]["first_response"] | {"when": "vip"}
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 201
    say, ticket = await customer_of()
    assert "care" not in [clock["name"] for clock in ticket["clocks"]]
    await say(version=2, vip=True)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert "care" in [clock["name"] for clock in shown["clocks"]]


async def test_an_update_that_changes_neither_class_nor_region_leaves_the_tickets_alone(customer_of, facts):
    say, ticket = await customer_of()
    await say(version=2, language="en", status="suspended")
    await say(version=2, vip=True)
    assert await facts(ticket) == ["opened", "classified"]


async def test_tickets_that_are_over_stay_as_they_were(client, customer_of, act):
    say, ticket = await customer_of()
    await act(ticket, "cancel", reason="withdrawn")
    await say(version=2, vip=True)
    assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["vip"] is False


async def test_tickets_are_listed_newest_first_page_by_page(client, open_ticket):
    opened = [await open_ticket(subject=f"账单 {number}") for number in range(5)]
    first = (await client.get("/v1/tickets", params={"limit": 3})).json()
    rest = (await client.get("/v1/tickets", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    ids_listed = [item["id"] for item in first["items"] + rest["items"]]
    assert ids_listed == [ticket["id"] for ticket in reversed(opened)]
    assert rest["next_cursor"] is None


async def test_a_cursor_of_another_list_is_refused(client, open_ticket, act):
    ticket = await open_ticket()
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history", params={"limit": 1})).json()
    for path in ("/v1/tickets", "/v1/escalations"):
        answer = await client.get(path, params={"cursor": history["next_cursor"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


async def test_tickets_are_found_by_what_they_are(client, open_ticket, act):
    await open_ticket(subject="电池起火")
    await act(await open_ticket(subject="套餐太贵了"), "resolve")
    for filters, subjects in (
        ({"tier": "advanced"}, ["电池起火"]),
        ({"cause": "price"}, ["套餐太贵了"]),
        ({"status": "feedback"}, ["套餐太贵了"]),
        ({"level": "front_line"}, ["套餐太贵了"]),
        ({"breached": "true"}, []),
        ({"breached": "false", "tier": "primary"}, ["套餐太贵了"]),
    ):
        found = (await client.get("/v1/tickets", params=filters)).json()["items"]
        assert [item["subject"] for item in found] == subjects, filters


async def test_a_wrong_member_is_named_and_nothing_is_opened(client):
    for change, pointer in (
        ({"subject": ""}, "/subject"),
        ({"subject": "a\u0000b"}, "/subject"),
        ({"description": "a\u0000b"}, "/description"),
        ({"kind": "praise"}, "/kind"),
        ({"customer_id": "42"}, "/customer_id"),
        ({"unknown": 1}, "/unknown"),
        ({"customer": {"source": "crm", "external_id": "\u0000"}}, "/customer/external_id"),
        ({"channel": "电话 1"}, "/channel"),
    ):
        answer = await client.post("/v1/tickets", json=BODY | change)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await client.get("/v1/tickets")).json()["items"] == []
