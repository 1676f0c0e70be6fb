import asyncio

import pytest
from careloop_common import clock
from careloop_ticketing.dispatch.service import dispatching


@pytest.fixture
def people(client):
    async def put():
        for name, department in (("ai", "service"), ("bo", "network"), ("cai", "billing"), ("di", "service")):
            body = {"name": name, "languages": ["zh"], "department": department}
            assert (await client.put(f"/v1/agents/{name}", json=body)).status_code in {200, 201}

    return put


@pytest.fixture
def bring_together(client):
    async def post(ticket, lead="ai", members=("bo", "cai")):
        body = {"name": "充电故障", "lead_id": lead, "members": list(members)}
        return await client.post(f"/v1/tickets/{ticket['id']}/virtual-team", json=body)

    return post


@pytest.fixture
def hand_over(runtime):
    async def once():
        async with runtime.database.transaction() as session:
            await dispatching.hand_over(session, now=clock.now())

    return once


async def test_people_of_several_departments_come_together_for_a_ticket(
    people, open_ticket, bring_together, client, facts
):
    await people()
    ticket = await open_ticket()
    answer = await bring_together(ticket)
    made = answer.json()
    assert (answer.status_code, made["kind"], made["ticket_id"]) == (201, "virtual", ticket["id"])
    assert (made["lead_id"], made["members"]) == ("ai", ["ai", "bo", "cai"])
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["team"], shown["assignee_id"]) == (made["code"], "ai")
    assert await facts(ticket) == ["opened", "classified", "assigned"]
    for code in (made["code"], "v-of-my-own"):
        changed = await client.put(f"/v1/teams/{code}", json={"name": "x"})
        assert (changed.status_code, changed.json()["code"]) == (409, "team_is_virtual")


async def test_while_it_is_there_only_its_members_get_the_ticket(
    people, open_ticket, bring_together, client, act
):
    await people()
    ticket = await open_ticket()
    await bring_together(ticket)
    await act(ticket, "release")
    asked = (await client.get(f"/v1/tickets/{ticket['id']}/dispatch")).json()
    obstacles = {one["agent_id"]: one["obstacle"] for one in asked["candidates"]}
    assert obstacles == {"bo": None, "cai": None, "ai": "gave_back", "di": "team"}


async def test_a_ticket_has_one_virtual_team_at_a_time(people, open_ticket, bring_together):
    await people()
    ticket = await open_ticket()
    answers = await asyncio.gather(*(bring_together(ticket) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 3
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"virtual_team_exists"}


async def test_it_can_be_ended_and_another_one_brought_together(
    people, open_ticket, bring_together, client, facts
):
    await people()
    ticket = await open_ticket()
    first = (await bring_together(ticket)).json()["code"]
    url = f"/v1/tickets/{ticket['id']}/virtual-team"
    ended = await client.delete(url)
    assert (ended.status_code, ended.json()["team"], ended.json()["assignee_id"]) == (200, None, "ai")
    assert (await client.delete(url)).json()["code"] == "virtual_team_not_found"
    assert (await client.get(f"/v1/teams/{first}")).json()["ended_at"] is not None
    assert (await client.get("/v1/agents/bo")).json()["teams"] == []
    refused = await client.post(f"/v1/tickets/{ticket['id']}/assign", json={"team": first})
    assert refused.json()["code"] == "team_unknown"
    assert (await bring_together(ticket)).json()["code"] == first.removesuffix("1") + "2"
    assert (await facts(ticket))[2:] == ["assigned", "team_left", "assigned"]


async def test_it_ends_with_the_ticket(people, open_ticket, bring_together, client, act, hand_over):
    await people()
    ticket = await open_ticket()
    code = (await bring_together(ticket)).json()["code"]
    await hand_over()
    assert (await client.get(f"/v1/teams/{code}")).json()["ended_at"] is None
    await act(ticket, "cancel", reason="withdrawn")
    await hand_over()
    assert (await client.get(f"/v1/teams/{code}")).json()["ended_at"] is not None


@pytest.mark.parametrize(
    ("lead", "members", "pointer"),
    [("ai", ["di"], "/members"), ("zoe", ["bo"], "/lead_id"), ("ai", ["bo", "zoe"], "/members/1")],
)
async def test_a_team_of_one_department_or_of_strangers_is_refused(
    people, open_ticket, bring_together, client, lead, members, pointer
):
    await people()
    ticket = await open_ticket()
    answer = await bring_together(ticket, lead, members)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_team")
    assert answer.json()["errors"][0]["pointer"] == pointer
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["version"], shown["team"], shown["assignee_id"]) == (2, None, None)
    assert (await client.get("/v1/teams")).json()["items"] == []


async def test_a_ticket_that_has_ended_gets_none(people, open_ticket, bring_together, act):
    await people()
    ticket = await open_ticket()
    await act(ticket, "cancel", reason="withdrawn")
    answer = await bring_together(ticket)
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_impossible")


async def test_no_other_ticket_is_given_to_it(
    people, open_ticket, bring_together, client, ask_bulk, work_bulk, bulk_results
):
    await people()
    ticket, other = await open_ticket(), await open_ticket()
    team = {"team": (await bring_together(ticket)).json()["code"]}
    assert (await client.post(f"/v1/tickets/{ticket['id']}/assign", json=team)).status_code == 200
    refused = await client.post(f"/v1/tickets/{other['id']}/assign", json=team)
    assert (refused.status_code, refused.json()["code"]) == (409, "team_is_virtual")
    job = await ask_bulk("assign", [other], **team)
    await work_bulk()
    assert await bulk_results(job) == {other["id"]: ("impossible", "team_is_virtual")}
    assert (await client.get(f"/v1/tickets/{other['id']}")).json()["team"] is None


async def test_a_ticket_that_is_put_back_to_one_that_has_ended_meanwhile_is_routed(
    people, open_ticket, bring_together, client, ask_bulk, work_bulk, facts
):
    await people()
    assert (await client.put("/v1/teams/network", json={"name": "n", "members": ["bo"]})).status_code == 201
    ticket = await open_ticket()
    await bring_together(ticket)
    job = await ask_bulk("assign", [ticket], team="network")
    await work_bulk()
    assert (await client.delete(f"/v1/tickets/{ticket['id']}/virtual-team")).status_code == 200
    assert (await client.post(f"/v1/bulk-jobs/{job['id']}/undo")).status_code == 202
    await work_bulk()
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["assignee_id"], shown["team"]) == ("ai", None)
    await client.post(f"/v1/tickets/{ticket['id']}/release")
    asked = (await client.get(f"/v1/tickets/{ticket['id']}/dispatch")).json()
    assert (asked["needs"]["team"], asked["obstacle"]) == (None, None)
    # What is undone again is found by it: nothing comes in between.
    assert (await facts(ticket))[2:] == ["assigned", "assigned", "undone", "released"]
