"""What is reached on the way to a remedy starts and stops clocks."""

import pytest
from careloop_contracts import TicketMilestoneReachedV1

VISIT = {
    "start": ["visit_needed"],
    "stop": ["visited", "resolved"],
    "repeats": True,
    "targets": [{"seconds": 172800}],
}
DIAGNOSIS = {
    "when": 'level == "expert"',
    "start": ["opened"],
    "stop": ["diagnosed", "resolved"],
    "targets": [{"seconds": 7200}],
}


@pytest.fixture
def states(client):
    """`await states(ticket)`: its present clocks by name, each with its state."""

    async def read(ticket):
        clocks = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
        return {one["name"]: one["state"] for one in clocks}

    return read


async def test_an_expert_has_two_hours_from_getting_the_ticket_to_know_what_it_is(open_ticket, act, states):
    ticket = await open_ticket(subject="账单看不懂")
    assert "expert_diagnosis" not in await states(ticket)
    handed = await act(ticket, "assign", level="expert")
    (diagnosis,) = [one for one in handed["clocks"] if one["name"] == "expert_diagnosis"]
    assert (diagnosis["state"], diagnosis["target_seconds"]) == ("running", 7200)
    known = await act(ticket, "milestones", milestone="diagnosed", note="光猫坏了")
    assert known["milestones"] == ["diagnosed"]
    assert (await states(ticket))["expert_diagnosis"] == "stopped"


async def test_who_knows_already_gets_no_clock_for_it(publish_clocks, open_ticket, act, states):
    await publish_clocks(diagnosis=DIAGNOSIS)
    ticket = await open_ticket()
    await act(ticket, "milestones", milestone="diagnosed")
    await act(ticket, "assign", level="expert")
    assert "diagnosis" not in await states(ticket)


async def test_each_visit_that_is_needed_has_a_clock_of_its_own(
    client, publish_clocks, open_ticket, act, states
):
    await publish_clocks(visit=VISIT)
    ticket = await open_ticket()
    assert "visit" not in await states(ticket)
    for _ in range(2):
        await act(ticket, "milestones", milestone="visit_needed")
        assert (await states(ticket))["visit"] == "running"
        made = await act(ticket, "milestones", milestone="visited")
        assert (await states(ticket))["visit"] == "stopped"
        assert made["milestones"] == ["visit_needed", "visited"]
    needed = await act(ticket, "milestones", milestone="visit_needed")
    assert needed["milestones"] == ["visit_needed"], "this one has not been made yet"
    shares = (await client.get(f"/v1/tickets/{ticket['id']}/shares")).json()["clocks"]
    assert [one["instance"] for one in shares if one["clock"] == "visit"] == [1, 2, 3]


async def test_a_policy_that_is_applied_later_finds_them_in_the_history(
    client, two_clocks, publish_clocks, open_ticket, act, states, worker_running, eventually
):
    await client.put("/v1/sla-policies", json=two_clocks())
    waits, made = await open_ticket(), await open_ticket()
    for ticket in (waits, made):
        await act(ticket, "milestones", milestone="visit_needed")
    await act(made, "milestones", milestone="visited")
    document = await publish_clocks(visit=VISIT)
    again = await client.put("/v1/sla-policies", json=document)
    asked = await client.post("/v1/sla-recalculations", json={"version": again.json()["version"]})
    assert asked.status_code == 202, asked.text

    async def followed():
        return (await states(waits)).get("visit") == "running"

    async with worker_running():
        await eventually(followed)
    assert "visit" not in await states(made)


async def test_it_is_in_the_history_and_told_to_others(
    open_ticket, act, facts, client, published, worker_running, eventually
):
    ticket = await open_ticket()
    await act(ticket, "milestones", milestone="visit_needed", note="要换光猫")
    assert (await facts(ticket))[-1] == "visit_needed"

    async def told():
        return await published(TicketMilestoneReachedV1)

    async with worker_running():
        (event,) = await eventually(told)
    assert (str(event.ticket_id), event.milestone) == (ticket["id"], "visit_needed")
    (note,) = (await client.get(f"/v1/tickets/{ticket['id']}/notes")).json()["items"]
    assert (note["about"], note["text"]) == ("visit_needed", "要换光猫")


async def test_nothing_is_reached_on_a_ticket_that_is_resolved(open_ticket, act, client):
    ticket = await open_ticket()
    await act(ticket, "resolve", outcome="solved")
    answer = await client.post(f"/v1/tickets/{ticket['id']}/milestones", json={"milestone": "visited"})
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_impossible")
    assert "milestones" not in answer.json()["possible"]


@pytest.mark.parametrize("milestone", ["", "repaired", None, 3])
async def test_only_known_milestones_are_reached(milestone, open_ticket, client):
    ticket = await open_ticket()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/milestones", json={"milestone": milestone})
    assert answer.status_code == 422
