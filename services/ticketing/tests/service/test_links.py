import asyncio

import pytest
from careloop_contracts import (
    TicketCancelledV1,
    TicketEscalatedV1,
    TicketMergedV1,
    TicketRejectedV1,
    TicketSlaBreachedV1,
    TicketUnmergedV1,
)

NOWHERE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def refused(client):
    """`await refused(ticket, "merge", 409, "merge_impossible", into=…)`: a problem that changed nothing."""

    async def try_it(ticket, what, status, code, **body):
        url = f"/v1/tickets/{ticket['id']}"
        before = (await client.get(url)).json()["version"]
        answer = await client.post(f"{url}/{what}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get(url)).json()["version"] == before
        return answer.json()

    return try_it


@pytest.fixture
def shown(client):
    async def get(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}")).json()

    return get


async def test_links_are_listed_at_both_ends_and_said_once(client, open_ticket, facts):
    one, two = await open_ticket(), await open_ticket()
    url = f"/v1/tickets/{one['id']}/links"
    for _ in range(2):
        answer = await client.post(url, json={"to": two["id"], "type": "related"})
        assert answer.status_code == 201, answer.text
    assert (await facts(one))[2:] == ["link_added"]
    for ticket in (one, two):
        (link,) = (await client.get(f"/v1/tickets/{ticket['id']}/links")).json()["items"]
        assert (link["from_id"], link["to_id"], link["type"]) == (one["id"], two["id"], "related")
    assert (await client.delete(f"{url}/related/{two['id']}")).json()["items"] == []
    assert (await client.delete(f"{url}/related/{two['id']}")).json()["code"] == "link_not_found"
    assert (await facts(one))[2:] == ["link_added", "link_removed"]


async def test_links_that_make_no_sense_are_refused(open_ticket, act, refused):
    one, two, three = [await open_ticket() for _ in range(3)]
    await refused(one, "links", 422, "link_to_itself", to=one["id"], type="related")
    await refused(one, "links", 404, "ticket_not_found", to=NOWHERE, type="related")
    await refused(one, "links", 422, "validation_failed", to=two["id"], type="cousin")
    await act(one, "links", to=two["id"], type="child")
    await act(two, "links", to=three["id"], type="child")
    await refused(three, "links", 409, "link_cycle", to=one["id"], type="child")
    await act(three, "links", to=one["id"], type="related")


async def test_a_family_closes_no_circle_through_what_was_merged(open_ticket, act, refused):
    child, parent, target, other = [await open_ticket() for _ in range(4)]
    await act(child, "links", to=parent["id"], type="child")
    await act(parent, "merge", into=target["id"])
    await refused(target, "links", 409, "link_cycle", to=child["id"], type="child")
    await act(other, "links", to=child["id"], type="child")
    await refused(target, "merge", 409, "merge_impossible", into=other["id"])
    await act(other, "merge", into=target["id"])


async def test_what_is_about_one_fault_becomes_no_child_of_another(client, open_ticket, act, refused):
    child, parent = await open_ticket(), await open_ticket()
    body = {"title": "断网", "description": "光缆被挖断", "tickets": [child["id"]]}
    answer = await client.post("/v1/incidents", json=body)
    assert answer.status_code == 201, answer.text
    incident = answer.json()["ticket"]
    await refused(incident, "links", 409, "incident_as_child", to=parent["id"], type="child")
    await act(incident, "links", to=parent["id"], type="related")


@pytest.mark.parametrize("end", ["archived", "merged", "rejected", "cancelled"])
async def test_nothing_becomes_a_child_of_what_is_over(open_ticket, act, refused, facts, end):
    child, parent = await open_ticket(), await open_ticket()
    if end == "archived":
        await act(parent, "resolve")
        await act(parent, "satisfaction", score=5)
    elif end == "merged":
        await act(parent, "merge", into=(await open_ticket())["id"])
    elif end == "rejected":
        await act(parent, "reject", reason="spam")
    else:
        await act(parent, "cancel", reason="test")
    before = await facts(child)
    await refused(child, "links", 409, "parent_closed", to=parent["id"], type="child")
    assert await facts(child) == before
    await act(child, "links", to=parent["id"], type="related")


async def test_children_given_at_the_same_time_close_no_circle(client, open_ticket):
    tickets = [await open_ticket() for _ in range(4)]
    rounds = zip(tickets, tickets[1:] + tickets[:1], strict=True)
    answers = await asyncio.gather(
        *(
            client.post(f"/v1/tickets/{a['id']}/links", json={"to": b["id"], "type": "child"})
            for a, b in rounds
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409]


async def test_a_merge_ends_the_duplicate_and_its_notes_and_watchers_go_on(
    client, open_ticket, act, facts, shown, refused, published, worker_running, eventually
):
    duplicate, target, last = [await open_ticket() for _ in range(3)]
    await act(duplicate, "notes", text="同一故障")
    await client.put(f"/v1/tickets/{duplicate['id']}/watchers/li.na")
    merged = await act(duplicate, "merge", into=target["id"])
    assert (merged["status"], merged["merged_into"]) == ("merged", target["id"])
    assert {clock["state"] for clock in merged["clocks"]} == {"stopped"}
    assert (await shown(target))["watchers"] == ["li.na"]
    notes = (await client.get(f"/v1/tickets/{target['id']}/notes")).json()["items"]
    assert [(note["text"], note["ticket_id"]) for note in notes] == [("同一故障", duplicate["id"])]
    assert (await facts(duplicate))[-1] == "merged"
    assert (await facts(target))[-1] == "took_in"
    told = await refused(duplicate, "messages", 409, "ticket_merged", text="还没好")
    assert told["number"] == target["number"]
    await act(target, "merge", into=last["id"])
    told = await refused(duplicate, "messages", 409, "ticket_merged", text="还没好")
    assert told["number"] == last["number"]
    async with worker_running():
        event = await eventually(lambda: _merged(published, duplicate))
    assert (str(event.into_ticket_id), event.into_number) == (target["id"], target["number"])


async def _merged(published, ticket):
    return next((e for e in await published(TicketMergedV1) if str(e.ticket_id) == ticket["id"]), None)


async def test_b10_nothing_of_a_ticket_that_was_merged_rejected_or_cancelled_escalates(
    open_ticket, act, publish_policy, published, worker_running, eventually
):
    await publish_policy(first_response=2, resolution=2)
    merged, rejected, cancelled, target = [await open_ticket() for _ in range(4)]
    await act(merged, "merge", into=target["id"])
    await act(rejected, "reject", reason="unfounded", note="没有依据")
    await act(cancelled, "cancel", reason="withdrawn")

    async def climbed():
        events = [*await published(TicketEscalatedV1), *await published(TicketSlaBreachedV1)]
        return events if sum(isinstance(event, TicketSlaBreachedV1) for event in events) == 2 else None

    async with worker_running():
        events = await eventually(climbed)
        assert [str(e.ticket_id) for e in await published(TicketRejectedV1)] == [rejected["id"]]
        assert [e.reason for e in await published(TicketCancelledV1)] == ["withdrawn"]
    assert {str(event.ticket_id) for event in events} == {target["id"]}


@pytest.mark.parametrize("act_", [("reject", "unfounded", "rejected"), ("cancel", "test", "cancelled")])
async def test_an_end_without_a_remedy_is_final(open_ticket, act, facts, refused, act_):
    name, reason, status = act_
    ticket = await open_ticket()
    await refused(ticket, name, 422, "validation_failed", reason="because")
    ended = await act(ticket, name, reason=reason)
    assert ended["status"] == status == (await facts(ticket))[-1]
    for again in ("respond", "resolve", "reopen"):
        await refused(ticket, again, 409, "transition_impossible")
    await refused(ticket, name, 409, "transition_impossible", reason=reason)


async def test_a_merge_that_is_undone_gives_the_status_back_and_lets_the_clocks_run_on(
    open_ticket, act, facts, published, worker_running, eventually
):
    duplicate, target = await open_ticket(), await open_ticket()
    before = await act(duplicate, "respond")
    await act(duplicate, "merge", into=target["id"])
    after = await act(duplicate, "unmerge")
    assert (after["status"], after["merged_into"]) == ("handling", None)
    clocks = {clock["name"]: clock for clock in after["clocks"]}
    assert [clocks[name]["state"] for name in ("first_response", "resolution")] == ["stopped", "running"]
    due = {clock["name"]: clock["due_at"] for clock in before["clocks"]}
    assert clocks["resolution"]["due_at"] > due["resolution"]
    assert (await facts(duplicate))[-2:] == ["merged", "unmerged"]
    assert (await facts(target))[-2:] == ["took_in", "gave_back"]
    await act(duplicate, "messages", text="谢谢")
    async with worker_running():
        await eventually(lambda: published(TicketUnmergedV1))


async def test_the_clocks_of_a_merge_that_was_undone_escalate_again(
    open_ticket, act, facts, publish_policy, worker_running, eventually
):
    await publish_policy(first_response=1, resolution=3600)
    duplicate, target = await open_ticket(), await open_ticket()
    await act(duplicate, "merge", into=target["id"])
    await act(duplicate, "unmerge")

    async def breached():
        return "sla_breached" in await facts(duplicate)

    async with worker_running():
        await eventually(breached)


async def test_merges_that_cannot_be_are_refused(open_ticket, act, refused):
    one, two, closed = [await open_ticket() for _ in range(3)]
    await act(closed, "cancel", reason="test")
    await refused(one, "merge", 422, "link_to_itself", into=one["id"])
    await refused(one, "merge", 404, "ticket_not_found", into=NOWHERE)
    await refused(one, "merge", 409, "merge_impossible", into=closed["id"])
    await refused(closed, "merge", 409, "transition_impossible", into=one["id"])
    await refused(one, "unmerge", 409, "transition_impossible")
    await act(one, "merge", into=two["id"])
    await refused(two, "merge", 409, "merge_impossible", into=one["id"])
    await act(two, "cancel", reason="test")
    await refused(one, "unmerge", 409, "merge_impossible")


async def test_merges_that_cross_each_other_do_not_lock_each_other_out(client, open_ticket, shown):
    for _ in range(5):
        one, two = await open_ticket(), await open_ticket()
        answers = await asyncio.gather(
            client.post(f"/v1/tickets/{one['id']}/merge", json={"into": two["id"]}),
            client.post(f"/v1/tickets/{two['id']}/merge", json={"into": one["id"]}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert sorted([(await shown(one))["status"], (await shown(two))["status"]]) == [
            "classified",
            "merged",
        ]


async def test_a_merge_of_another_version_is_refused(client, open_ticket):
    one, two = await open_ticket(), await open_ticket()
    url = f"/v1/tickets/{one['id']}/merge"
    answer = await client.post(url, json={"into": two["id"]}, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")


async def test_watchers_are_kept_in_view_and_in_history(client, open_ticket, facts, shown):
    ticket = await open_ticket()
    url = f"/v1/tickets/{ticket['id']}/watchers"
    assert ticket["watchers"] == []
    for _ in range(2):
        await client.put(f"{url}/li.na")
    answer = await client.put(f"{url}/chen.jie")
    assert answer.json()["watchers"] == ["li.na", "chen.jie"]
    await client.delete(f"{url}/li.na")
    assert (await client.delete(f"{url}/nobody")).status_code == 200
    assert (await shown(ticket))["watchers"] == ["chen.jie"]
    assert (await facts(ticket))[2:] == ["watched", "watched", "unwatched"]
    assert (await client.put(f"{url}/{'x' * 101}")).status_code == 422


async def test_links_come_in_pages_the_newest_first(client, open_ticket, act):
    parent = await open_ticket()
    children = [await open_ticket() for _ in range(5)]
    for child in children:
        await act(child, "links", to=parent["id"], type="child")
    url, seen, query = f"/v1/tickets/{parent['id']}/links", [], {"limit": 2}
    while True:
        found = (await client.get(url, params=query)).json()
        seen += [link["from_id"] for link in found["items"]]
        if found["next_cursor"] is None:
            break
        query["cursor"] = found["next_cursor"]
    assert seen == [child["id"] for child in reversed(children)]
    assert (await client.get(url, params={"cursor": "x"})).json()["code"] == "invalid_cursor"
    newest = await act(parent, "links", to=children[0]["id"], type="related")
    assert (newest["items"][0]["to_id"], len(newest["items"])) == (children[0]["id"], 6)
