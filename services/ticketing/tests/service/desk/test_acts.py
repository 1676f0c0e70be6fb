"""Who may be named, what may become of what, and writes that honour what their writer has seen."""

import pytest
from careloop_common import clock
from careloop_ticketing import defaults
from sqlalchemy import text

NOWHERE = "00000000-0000-7000-8000-000000000000"


async def test_where_no_agents_are_kept_anybody_can_be_given_a_ticket(open_ticket, act):
    assert (await act(await open_ticket(), "assign", assignee_id="ghost"))["assignee_id"] == "ghost"


async def test_a_ticket_goes_to_an_active_agent_of_the_team_that_is_named(
    open_ticket, act, agent, client, refused
):
    await agent("li.na")
    await agent("wang", active=False)
    await agent("zhao")
    await client.put("/v1/teams/fibre", json={"name": "fibre", "members": ["li.na"]})
    url = f"/v1/tickets/{(await open_ticket())['id']}/assign"
    for body in (
        {"assignee_id": "ghost"},
        {"assignee_id": "wang"},
        {"assignee_id": "zhao", "team": "fibre"},
    ):
        told = await refused("POST", url, 422, "agent_unknown", **body)
        assert told["errors"][0]["pointer"] == "/assignee_id"
    for body in ({"assignee_id": "zhao"}, {"assignee_id": "li.na", "team": "fibre"}, {"team": "fibre"}):
        assert (await client.post(url, json=body)).status_code == 200, body


async def test_bulk_jobs_give_nothing_to_nobody(open_ticket, agent, ask_bulk, work_bulk, bulk_results):
    ticket = await open_ticket()
    await agent("li.na")
    job = await ask_bulk("assign", [ticket], assignee_id="ghost")
    watching = await ask_bulk("watch", [ticket], person="ghost")
    fine = await ask_bulk("assign", [ticket], assignee_id="li.na")
    await work_bulk()
    assert await bulk_results(job) == {ticket["id"]: ("impossible", "agent_unknown")}
    assert await bulk_results(watching) == {ticket["id"]: ("impossible", "agent_unknown")}
    assert await bulk_results(fine) == {ticket["id"]: ("changed", None)}


async def test_watchers_are_agents_and_no_addresses(open_ticket, agent, client, refused):
    ticket = await open_ticket()
    url = f"/v1/tickets/{ticket['id']}/watchers"
    await refused("PUT", f"{url}/li.na@example.com", 422, "validation_failed")
    body = {"act": "watch", "arguments": {"person": "a@b.cn"}, "over": {"tickets": [ticket["id"]]}}
    await refused("POST", "/v1/bulk-jobs", 422, "validation_failed", **body)
    assert (await client.put(f"{url}/anybody")).status_code == 200
    await agent("li.na")
    await refused("PUT", f"{url}/ghost", 422, "agent_unknown")
    assert (await client.put(f"{url}/li.na")).json()["watchers"] == ["anybody", "li.na"]
    assert (await client.delete(f"{url}/anybody")).json()["watchers"] == ["li.na"]


async def test_tickets_of_two_customers_are_merged_only_if_that_is_said(
    open_ticket, customer, client, refused
):
    one = await open_ticket(customer_id=await customer())
    other = await open_ticket(customer_id=await customer())
    nobodys = await open_ticket()
    named = [
        await open_ticket(customer={"source": "crm", "external_id": external_id}) for external_id in "AB"
    ]
    url = f"/v1/tickets/{one['id']}/merge"
    await refused("POST", url, 409, "customers_differ", into=other["id"])
    await refused("POST", f"/v1/tickets/{named[0]['id']}/merge", 409, "customers_differ", into=named[1]["id"])
    assert (await client.post(url, json={"into": nobodys["id"]})).status_code == 200
    meant = {"into": nobodys["id"], "other_customer": True}
    assert (await client.post(f"/v1/tickets/{other['id']}/merge", json=meant)).status_code == 200


async def test_a_fault_is_not_merged_into_its_own_child(open_ticket, client, refused):
    child = await open_ticket()
    incident = (await client.post("/v1/incidents", json={"title": "基站", "tickets": [child["id"]]})).json()
    url = f"/v1/tickets/{incident['ticket']['id']}/merge"
    await refused("POST", url, 409, "merge_impossible", into=child["id"])
    up = {"into": incident["ticket"]["id"]}
    assert (await client.post(f"/v1/tickets/{child['id']}/merge", json=up)).status_code == 200


async def test_a_child_that_comes_after_the_resolution_is_resolved_by_asking_again(
    open_ticket, act, client, work_bulk
):
    incident = (
        await client.post("/v1/incidents", json={"title": "基站", "tickets": [(await open_ticket())["id"]]})
    ).json()
    url = f"/v1/incidents/{incident['ticket']['id']}"
    await client.post(f"{url}/resolve", json={"resolve_children": True})
    await work_bulk()
    await act(await open_ticket(), "links", to=incident["ticket"]["id"], type="child")
    assert (await client.get(url)).json()["children"] == {"classified": 1, "feedback": 1}
    assert (await client.post(f"{url}/resolve", json={"resolve_children": True})).status_code == 200
    await work_bulk()
    assert (await client.get(url)).json()["children"] == {"feedback": 2}


async def test_a_resolved_ticket_is_closed_once_nobody_is_waited_for(
    open_ticket, act, customer, client_as, runtime, refused, facts
):
    agent = client_as("tickets:read", "tickets:write")
    nobodys, asked = await open_ticket(), await open_ticket(customer_id=await customer())
    await refused("POST", f"/v1/tickets/{asked['id']}/close", 409, "transition_impossible", note="早了")
    for ticket in (nobodys, asked):
        await act(ticket, "resolve")
    closed = await agent.post(f"/v1/tickets/{nobodys['id']}/close", json={"note": "无人可回访"})
    assert (closed.status_code, closed.json()["status"]) == (200, "archived")
    waits = await agent.post(f"/v1/tickets/{asked['id']}/close", json={})
    assert (waits.status_code, waits.json()["code"]) == (409, "feedback_awaited")
    async with runtime.database.transaction() as session:
        over = text("UPDATE ticket SET feedback_until = :now WHERE id = :id")
        await session.execute(over, {"now": clock.now(), "id": asked["id"]})
    assert (await agent.post(f"/v1/tickets/{asked['id']}/close", json={})).json()["status"] == "archived"
    assert (await facts(asked))[-1] == "archived"


async def test_a_supervisor_need_not_wait_for_the_customer(open_ticket, act, customer):
    ticket = await open_ticket(customer_id=await customer())
    await act(ticket, "resolve")
    assert (await act(ticket, "close"))["status"] == "archived"


async def test_possible_acts_are_called_as_their_routes(open_ticket, act, refused, app):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    told = await refused(
        "POST",
        f"/v1/tickets/{ticket['id']}/assign",
        409,
        "transition_impossible",
        team=None,
        assignee_id="li.na",
    )
    assert set(told["possible"]) == {"acknowledge", "classify", "close", "messages", "notes", "reopen"}
    paths = set(app.openapi()["paths"])
    assert {f"/v1/tickets/{{ticket_id}}/{act}" for act in told["possible"]} <= paths


@pytest.mark.parametrize("subject", ["\u200b", " \u00a0\u3000", "\u2060\ufe0f\u200d", "\u3164", "\u0301"])
async def test_a_subject_that_nobody_sees_is_none(refused, subject):
    body = {"channel": "web", "subject": subject}
    await refused("POST", "/v1/tickets", 422, "validation_failed", **body)
    await refused("POST", "/v1/incidents", 422, "validation_failed", title=subject, rule="vip")


DOCUMENTS = {
    "/v1/sla-policies": defaults.sla_policy,
    "/v1/rule-sets": defaults.rule_set,
    "/v1/routing-policies": defaults.routing,
    "/v1/calendars/always": lambda: defaults.calendars()["always"],
    "/v1/ticket-views/mine": lambda: {"name": "我的", "rule": "vip"},
}


@pytest.mark.parametrize("url", DOCUMENTS)
async def test_a_document_follows_the_version_that_its_writer_has_seen(client, url):
    body = DOCUMENTS[url]()
    first = await client.put(url, json=body)
    assert first.status_code in {200, 201}, first.text
    seen = first.headers["etag"]
    assert seen == f'"{first.json()["version"]}"'
    second = await client.put(url, json=body, headers={"if-match": seen})
    assert second.status_code in {200, 201}, second.text
    late = await client.put(url, json=body, headers={"if-match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")
    assert f'"{late.json()["current_version"]}"' == second.headers["etag"]
    shown = url if "calendars" in url or "views" in url else f"{url}/{second.json()['version']}"
    assert (await client.get(shown)).headers["etag"] == second.headers["etag"]
    assert (await client.put(url, json=body)).status_code in {200, 201}


async def test_what_is_not_there_yet_has_no_version_to_follow(client):
    for url, body in (
        ("/v1/ticket-views/new", DOCUMENTS["/v1/ticket-views/mine"]()),
        ("/v1/calendars/new", DOCUMENTS["/v1/calendars/always"]()),
    ):
        answer = await client.put(url, json=body, headers={"if-match": '"1"'})
        assert (answer.status_code, answer.json()["current_version"]) == (412, 0)
        assert (await client.get(url)).status_code == 404


async def test_a_view_is_deleted_as_it_was_seen(client):
    url = "/v1/ticket-views/mine"
    for _ in range(2):
        await client.put(url, json=DOCUMENTS[url]())
    assert (await client.delete(url, headers={"if-match": '"1"'})).status_code == 412
    assert (await client.delete(url, headers={"if-match": '"2"'})).status_code == 204


async def test_two_who_follow_the_same_version_do_not_both(client):
    import asyncio

    url = "/v1/sla-policies"
    seen = (await client.put(url, json=DOCUMENTS[url]())).headers["etag"]
    answers = await asyncio.gather(
        *(client.put(url, json=DOCUMENTS[url](), headers={"if-match": seen}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]


async def test_an_answer_of_the_customer_honours_if_match(open_ticket, act, client):
    ticket = await open_ticket()
    resolved = await act(ticket, "resolve")
    url = f"/v1/tickets/{ticket['id']}/satisfaction"
    stale = {"if-match": f'"{ticket["version"]}"'}
    assert (await client.post(url, json={"score": 5}, headers=stale)).status_code == 412
    fresh = {"if-match": f'"{resolved["version"]}"'}
    assert (await client.post(url, json={"score": 5}, headers=fresh)).status_code == 201


async def test_every_write_to_what_has_a_version_takes_if_match(app):
    without = []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            of_ticket = path.startswith("/v1/tickets/{ticket_id}") and method != "get"
            # Neither specifications nor what somebody wants to hear of have versions.
            if (
                "Specification" in path
                or "notice-choices" in path
                or (method not in {"put", "patch"} and not (of_ticket and method in {"post", "delete"}))
            ):
                continue
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            without += [] if "If-Match" in names else [(method, path)]
    assert without == []
