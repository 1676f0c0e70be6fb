import asyncio
from functools import partial
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_contracts import TicketSatisfactionRequestedV1
from careloop_ticketing.bulk import working

NOWHERE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def open_incident(client):
    async def open_one(**given):
        answer = await client.post("/v1/incidents", json={"title": "基站故障"} | given)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return open_one


@pytest.fixture
def resolve(client):
    async def ask(incident, **given):
        url = f"/v1/incidents/{incident['ticket']['id']}/resolve"
        body = {"outcome": "explained", "note": "已修复", "resolve_children": True}
        return await client.post(url, json=body | given)

    return ask


@pytest.fixture
def progress(client):
    async def read(incident):
        return (await client.get(f"/v1/incidents/{incident['ticket']['id']}")).json()

    return read


@pytest.fixture
def work(work_bulk):
    """`await work(limit=2)`: one turn of the job."""
    return partial(work_bulk, turns=1)


async def test_a_list_of_tickets_becomes_children_of_a_fault(open_ticket, open_incident, facts, client):
    children = [await open_ticket() for _ in range(3)]
    incident = await open_incident(tickets=[child["id"] for child in children])
    assert (incident["ticket"]["kind"], incident["ticket"]["subject"]) == ("fault", "基站故障")
    assert (incident["children"], incident["resolution"]) == ({"classified": 3}, None)
    for child in children:
        assert (await facts(child))[-1] == "link_added"
        assert (await client.get(f"/v1/tickets/{child['id']}/history/verification")).json()["intact"]


async def test_a_rule_chooses_among_the_open_tickets(open_ticket, open_incident, act):
    chosen = [await open_ticket(channel="app") for _ in range(2)]
    await open_ticket(channel="web")
    await act(await open_ticket(channel="app"), "resolve")
    incident = await open_incident(rule='channel == "app" && kind == "complaint"')
    assert incident["children"] == {"classified": len(chosen)}


async def test_every_open_child_is_resolved_in_full(
    open_ticket, open_incident, resolve, progress, act, facts, client, worker_running, eventually, published
):
    children = [await open_ticket() for _ in range(4)]
    incident = await open_incident(tickets=[child["id"] for child in children])
    await act(children[0], "cancel", reason="withdrawn")
    asked = (await resolve(incident)).json()
    assert asked["ticket"]["status"] == "feedback"
    assert asked["resolution"]["children"] == {"pending": 3, "resolved": 0, "skipped": 0}

    async def finished():
        found = await progress(incident)
        return found if found["resolution"]["finished_at"] else None

    async def all_asked():
        return len(await published(TicketSatisfactionRequestedV1)) == 4

    async with worker_running():
        found = await eventually(finished)
        await eventually(all_asked)
    assert found["resolution"]["children"] == {"pending": 0, "resolved": 3, "skipped": 0}
    assert found["children"] == {"cancelled": 1, "feedback": 3}
    for child in children[1:]:
        url = f"/v1/tickets/{child['id']}"
        shown = (await client.get(url)).json()
        assert (shown["status"], shown["outcome"]) == ("feedback", "explained")
        assert {clock["name"] for clock in shown["clocks"] if clock["state"] != "stopped"} == {"closed_loop"}
        assert (await facts(child))[-1] == "resolved"
        notes = (await client.get(f"{url}/notes")).json()["items"]
        assert [note["text"] for note in notes] == ["已修复"]
        assert (await client.get(f"{url}/history/verification")).json()["intact"]


async def test_who_is_killed_midway_leaves_nothing_half_done_and_nothing_is_done_twice(
    runtime, open_ticket, open_incident, resolve, progress, work, facts, act
):
    children = [await open_ticket() for _ in range(5)]
    incident = await open_incident(tickets=[child["id"] for child in children])
    await resolve(incident)
    await work(limit=2)

    async def killed():
        async with runtime.database.transaction() as session:
            await working.advance(session, now=clock.now(), limit=2)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await killed()
    assert (await progress(incident))["resolution"]["children"] == {"pending": 3, "resolved": 2, "skipped": 0}
    by_id = {child["id"]: child for child in children}
    await act(by_id[min(by_id, key=UUID)], "reopen")
    assert (await resolve(incident)).status_code == 200
    while await work(limit=2):
        pass
    found = await progress(incident)
    assert found["resolution"]["children"] == {"pending": 0, "resolved": 5, "skipped": 0}
    assert found["children"] == {"feedback": 4, "handling": 1}
    for child in children:
        assert (await facts(child)).count("resolved") == 1


async def test_a_child_that_somebody_closed_meanwhile_is_left_alone(
    open_ticket, open_incident, resolve, progress, work, act
):
    child = await open_ticket()
    incident = await open_incident(tickets=[child["id"]])
    await resolve(incident)
    await act(child, "cancel", reason="withdrawn")
    await work()
    assert (await progress(incident))["resolution"]["children"] == {"pending": 0, "resolved": 0, "skipped": 1}


async def test_children_that_are_still_open_when_their_incident_is_archived_are_resolved_with_it(
    open_ticket, open_incident, resolve, progress, work, act
):
    incident = await open_incident(tickets=[(await open_ticket())["id"]])
    await resolve(incident, resolve_children=False)
    await act(incident["ticket"], "satisfaction", score=5)
    assert (await resolve(incident)).status_code == 200
    await work()
    assert (await progress(incident))["children"] == {"feedback": 1}


async def test_another_resolution_has_to_wait_for_the_one_under_way(
    open_ticket, open_incident, resolve, work
):
    incident = await open_incident(tickets=[(await open_ticket())["id"]])
    await resolve(incident)
    answer = await resolve(incident, outcome="declined")
    assert (answer.status_code, answer.json()["code"]) == (409, "resolution_under_way")
    await work()
    assert (await resolve(incident, outcome="declined")).status_code == 200


async def test_without_the_wish_the_children_stay_open(open_ticket, open_incident, resolve, work):
    incident = await open_incident(tickets=[(await open_ticket())["id"]])
    answer = (await resolve(incident, resolve_children=False)).json()
    assert (answer["ticket"]["status"], answer["children"]) == ("feedback", {"classified": 1})
    assert not await work()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "validation_failed"),
        ({"rule": "vip", "tickets": [NOWHERE]}, "validation_failed"),
        ({"tickets": []}, "validation_failed"),
        ({"tickets": [NOWHERE]}, "invalid_incident"),
        ({"rule": "colour == 1"}, "invalid_incident"),
        ({"rule": "vip"}, "invalid_incident"),
        ({"rule": 'tier == "primary" && tier == "advanced"'}, "invalid_incident"),
    ],
)
async def test_what_is_no_incident_is_refused_and_opens_nothing(client, open_ticket, given, code):
    await open_ticket()
    answer = await client.post("/v1/incidents", json={"title": "基站故障"} | given)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert len((await client.get("/v1/tickets")).json()["items"]) == 1


async def test_a_ticket_that_is_no_incident_is_not_found(open_ticket, resolve, client):
    ticket = await open_ticket()
    assert (await client.get(f"/v1/incidents/{ticket['id']}")).json()["code"] == "incident_not_found"
    assert (await resolve({"ticket": ticket})).json()["code"] == "incident_not_found"


async def test_a_rule_of_an_incident_says_what_any_rule_that_chooses_tickets_may(
    open_ticket, open_incident, act
):
    held = await open_ticket()
    await act(held, "assign", assignee_id="li.na")
    await open_ticket()
    rule = 'status == "classified" && assignee_id == "li.na" && opened_at > timestamp("2020-01-01T00:00:00Z")'
    incident = await open_incident(rule=f"{rule} || reopened > 99{' ' * 3_000}")
    assert incident["children"] == {"classified": 1}


async def test_an_incident_that_is_merged_into_another_brings_its_children_along(
    open_ticket, open_incident, resolve, progress, work_bulk, act, client
):
    shared, own, other = [await open_ticket() for _ in range(3)]
    one = await open_incident(tickets=[shared["id"], own["id"]])
    two = await open_incident(tickets=[shared["id"], other["id"]])
    await act(two["ticket"], "merge", into=one["ticket"]["id"])
    assert (await progress(one))["children"] == {"classified": 3}
    assert (await resolve(one)).status_code == 200
    await work_bulk()
    assert (await progress(one))["children"] == {"feedback": 3}
    assert (await client.get("/v1/incidents")).json()["items"][-1]["children"] == {"feedback": 3}


async def test_a_rule_makes_no_incident_a_child_of_another(open_ticket, open_incident):
    await open_incident(tickets=[(await open_ticket(kind="fault"))["id"]])
    second = await open_incident(rule='kind == "fault"')
    assert second["children"] == {"classified": 1}


async def test_a_ticket_that_has_taken_in_an_incident_resolves_its_children(
    client, open_ticket, open_incident, resolve, progress, work, act
):
    child, plain = await open_ticket(), await open_ticket()
    incident = await open_incident(tickets=[child["id"]])
    assert (await client.get(f"/v1/incidents/{plain['id']}")).status_code == 404
    await act(incident["ticket"], "merge", into=plain["id"])
    taken_in = await progress({"ticket": plain})
    assert (taken_in["children"], taken_in["resolution"]) == ({"classified": 1}, None)
    refused = (await resolve(incident)).json()
    assert (refused["code"], refused["number"]) == ("ticket_merged", plain["number"])
    assert (await resolve({"ticket": plain})).status_code == 200
    await work()
    found = await progress({"ticket": plain})
    assert (found["children"], found["resolution"]["children"]["resolved"]) == ({"feedback": 1}, 1)


async def test_an_incident_is_no_child_of_another(client, open_ticket, open_incident):
    incident = await open_incident(tickets=[(await open_ticket())["id"]])
    chosen = [incident["ticket"]["id"], (await open_ticket())["id"]]
    answer = await client.post("/v1/incidents", json={"title": "骨干网故障", "tickets": chosen})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_incident")
    assert answer.json()["errors"][0]["pointer"] == "/tickets"


async def test_what_has_taken_in_an_incident_is_no_child_of_another(client, open_ticket, open_incident, act):
    plain, other = await open_ticket(channel="app"), await open_ticket(channel="app")
    small = await open_incident(tickets=[(await open_ticket())["id"]])
    await act(small["ticket"], "merge", into=plain["id"])
    answer = await client.post("/v1/incidents", json={"title": "骨干网故障", "tickets": [plain["id"]]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_incident")
    big = await open_incident(rule='channel == "app"')
    assert big["children"] == {"classified": 1}
    link = {"to": big["ticket"]["id"], "type": "child"}
    answer = await client.post(f"/v1/tickets/{plain['id']}/links", json=link)
    assert (answer.status_code, answer.json()["code"]) == (409, "incident_as_child")
    await act(small["ticket"], "unmerge")
    await act(plain, "links", **link)
    answer = await client.post(f"/v1/tickets/{small['ticket']['id']}/merge", json={"into": other["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "incident_as_child")
    await act(small["ticket"], "merge", into=big["ticket"]["id"])


async def test_an_incident_stays_one_whatever_its_channel_is_called(client, open_ticket, open_incident):
    small, big = [await open_incident(tickets=[(await open_ticket())["id"]]) for _ in range(2)]
    url = f"/v1/tickets/{small['ticket']['id']}"
    assert (await client.patch(url, json={"channel": "hotline"})).status_code == 200
    link = {"to": big["ticket"]["id"], "type": "child"}
    answer = await client.post(f"{url}/links", json=link)
    assert (answer.status_code, answer.json()["code"]) == (409, "incident_as_child")
    third = await open_incident(rule='channel == "hotline"')
    assert third["children"] == {"classified": 2}
