"""A policy that is applied to open tickets is applied whole; and an older one can be put in force again."""

from uuid import UUID

import pytest
from careloop_common import clock
from careloop_contracts import TicketSlaRecalculatedV1
from careloop_ticketing.tickets.service import line, standing
from careloop_ticketing.tickets.service.line import Gift
from careloop_ticketing.vocabulary import Level

LOOP = {
    "start": ["opened"],
    "stop": ["archived"],
    "targets": [{"seconds": 259_200}],
    "ladders": [{"ladder": "first_response"}],
}


def clocks(ticket):
    return {clock["name"]: clock for clock in ticket["clocks"]}


async def shown(client, ticket):
    return clocks((await client.get(f"/v1/tickets/{ticket['id']}")).json())


async def test_clocks_that_a_policy_adds_begin_and_those_that_it_drops_end(
    client, open_ticket, publish_policy, publish_other, apply, published, eventually
):
    await publish_policy()
    ticket = await open_ticket()
    document, version = await publish_other(drop="first_response", loop=LOOP)
    preview = (await client.post("/v1/sla-recalculations/preview", json={"policy": document})).json()
    assert {
        name: preview[name] for name in ("examined", "open", "share", "moved", "begun", "ended", "late")
    } == {
        "examined": 1,
        "open": 1,
        "share": 1.0,
        "moved": 0,
        "begun": 1,
        "ended": 1,
        "late": 0,
    }
    assert {(one["clock"], one["effect"]) for one in preview["examples"]} == {
        ("first_response", "ended"),
        ("loop", "begun"),
    }
    assert (await shown(client, ticket))["first_response"]["state"] == "running"
    done = await apply(version)
    assert (done["examined"], done["moved"], done["begun"], done["ended"], done["late"]) == (1, 0, 1, 1, 0)
    now = await shown(client, ticket)
    assert (now["first_response"]["state"], now["first_response"]["cancelled"]) == ("stopped", True)
    assert (now["loop"]["state"], now["loop"]["policy_version"]) == ("running", version)
    opened_at = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["opened_at"]
    assert now["loop"]["due_at"][11:19] == opened_at[11:19]
    entry = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (entry["fact"], entry["after"]["version"]) == ("recalculated", version)
    assert entry["after"]["first_response"] == {"cancelled": True, "why": "the policy has no such clock"}
    assert entry["after"]["loop"]["target_seconds"] == 259_200
    assert ("loop" in entry["before"], "first_response" in entry["before"]) == (False, True)
    told = await eventually(lambda: published(TicketSlaRecalculatedV1))
    assert {(one.clock, one.effect) for one in told} >= {("loop", "begun")}


async def test_what_would_be_over_does_not_begin_and_what_waits_begins_waiting(
    client, open_ticket, act, publish_policy, publish_other, apply
):
    await publish_policy()
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    patient = LOOP | {
        "pausable": '!vip && tier != "advanced" && severity != "critical"',
        "pauses": [{"reason": "waiting_for_customer"}],
    }
    _, version = await publish_other(pick_up=LOOP | {"stop": ["responded"]}, patient=patient, loop=LOOP)
    await apply(version)
    now = await shown(client, ticket)
    assert "pick_up" not in now
    assert (now["patient"]["state"], now["loop"]["state"]) == ("paused", "running")
    heard = await act(ticket, "messages", text="寄出了")
    assert (heard["status"], clocks(heard)["patient"]["state"]) == ("handling", "running")


@pytest.mark.parametrize("start", ["diagnosed", "assigned", "customer_wrote"])
async def test_what_would_be_over_does_not_begin_with_the_next_such_moment_either(
    client, open_ticket, act, publish_policy, publish_other, apply, start
):
    async def happens(ticket):
        match start:
            case "diagnosed":
                return clocks(await act(ticket, "milestones", milestone=start))
            case "assigned":
                return clocks(await act(ticket, "assign", assignee_id="agent-7"))
            case _:
                return clocks(await act(ticket, "messages", text="还没好"))

    await publish_policy()
    ticket, waits = await open_ticket(), await open_ticket()
    for one in (ticket, waits):
        await happens(one)
    await act(ticket, "respond")
    _, version = await publish_other(report=LOOP | {"start": [start], "stop": ["responded"]})
    await apply(version)
    assert ("report" in await shown(client, ticket), "report" in await shown(client, waits)) == (False, True)
    assert "report" not in await happens(ticket)
    assert (await happens(await open_ticket()))["report"]["state"] == "running"


async def test_what_would_be_over_does_not_begin_when_the_line_gives_the_ticket_away(
    runtime, client, open_ticket, act, publish_policy, publish_other, apply
):
    await publish_policy()
    ticket, other = await open_ticket(), await open_ticket()
    await act(ticket, "assign", assignee_id="agent-7")
    await act(ticket, "respond")
    await act(ticket, "release")
    await act(other, "respond")
    _, version = await publish_other(report=LOOP | {"start": ["assigned"], "stop": ["responded"]})
    await apply(version)
    async with runtime.database.transaction() as session:
        found = await standing.lock(session, [UUID(one["id"]) for one in (ticket, other)])
        gifts = [Gift(one, "agent-8", one.level, one.team, {}) for one in found.values()]
        await line.give(session, gifts, now=clock.now())
    assert ("report" in await shown(client, ticket), "report" in await shown(client, other)) == (False, True)


async def test_a_ticket_that_the_line_lifts_gets_no_clock_that_its_life_has_behind_it(
    runtime, client, open_ticket, act, publish_clocks
):
    expert = {"when": 'level == "expert"', "targets": [{"seconds": 7200}]}
    await publish_clocks(first=expert | {"on_reopen": "freeze"}, whole=expert | {"stop": ["archived"]})
    ticket = await open_ticket()
    await act(ticket, "resolve")
    await act(ticket, "reopen")
    async with runtime.database.transaction() as session:
        (found,) = (await standing.lock(session, [UUID(ticket["id"])])).values()
        await line.give(session, [Gift(found, "agent-8", Level.EXPERT, None, {})], now=clock.now())
    assert {"first", "whole"} & (await shown(client, ticket)).keys() == {"whole"}


async def test_tickets_whose_customers_are_asked_how_it_went_are_followed_too(
    client, open_ticket, act, publish_policy, publish_other, apply
):
    await publish_policy()
    ticket = await open_ticket()
    await act(ticket, "resolve")
    _, version = await publish_other(loop=LOOP)
    done = await apply(version)
    assert (done["examined"], done["begun"]) == (1, 1)
    assert (await shown(client, ticket))["loop"]["state"] == "running"


async def test_a_second_run_changes_nothing(client, open_ticket, publish_policy, publish_other, apply, facts):
    await publish_policy()
    ticket = await open_ticket()
    _, version = await publish_other(drop="first_response", loop=LOOP)
    await apply(version)
    told = await facts(ticket)
    again = await apply(version)
    assert (again["examined"], again["begun"], again["ended"]) == (0, 0, 0)
    assert await facts(ticket) == told


async def test_an_older_version_is_not_applied_but_put_in_force_again(
    client, open_ticket, publish_policy, apply
):
    old = await publish_policy(resolution=7200)
    ticket = await open_ticket()
    await publish_policy(resolution=3600)
    refused = await client.post("/v1/sla-recalculations", json={"version": old})
    body = refused.json()
    assert (refused.status_code, body["code"], body["active_version"]) == (
        409,
        "sla_policy_not_in_force",
        old + 1,
    )
    restored = await client.post(f"/v1/sla-policies/{old}/restore")
    assert (restored.status_code, restored.json()["version"]) == (201, old + 2)
    assert restored.headers["location"] == f"/v1/sla-policies/{old + 2}"
    before = (await client.get(f"/v1/sla-policies/{old}")).json()["document"]
    assert restored.json()["document"] == before
    await apply(old + 2)
    assert (await shown(client, ticket))["resolution"]["policy_version"] == old + 2


async def test_what_cannot_be_put_in_force_again_is_refused(client, client_as, publish_policy):
    version = await publish_policy()
    answer = await client.post(f"/v1/sla-policies/{version}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "sla_policy_in_force")
    answer = await client.post("/v1/sla-policies/99/restore")
    assert (answer.status_code, answer.json()["code"]) == (404, "sla_policy_not_found")
    agent = client_as("tickets:write", "tickets:supervise", "tickets:read")
    assert (await agent.post("/v1/sla-policies/1/restore")).status_code == 403
    assert len((await client.get("/v1/sla-policies")).json()["items"]) == 2


async def test_a_wait_that_ended_with_the_remedy_holds_up_no_clock_that_is_added(
    open_ticket, act, publish_policy, publish_other, apply, client
):
    await publish_policy()
    solved, merged, into = [await open_ticket() for _ in range(3)]
    for ticket in (solved, merged):
        await act(ticket, "respond")
        await act(ticket, "pause", reason="waiting_for_customer")
    await act(solved, "resolve")
    await act(solved, "reopen")
    await act(merged, "merge", into=into["id"])
    await act(merged, "unmerge")
    pausable = '!vip && tier != "advanced" && severity != "critical"'
    patient = LOOP | {"pausable": pausable, "pauses": [{"reason": "waiting_for_customer"}]}
    _, version = await publish_other(patient=patient)
    await apply(version)
    for ticket in (solved, merged):
        assert (await shown(client, ticket))["patient"]["state"] == "running"


@pytest.mark.parametrize("undos", [1, 2, 3, 4])
async def test_what_was_undone_never_was_and_what_was_undone_twice_was(
    open_ticket, ask_bulk, work_bulk, publish_policy, publish_other, apply, client, undos
):
    await publish_policy()
    ticket = await open_ticket()
    job = await ask_bulk("assign", [ticket], assignee_id="agent-7")
    await work_bulk()
    for _ in range(undos):
        job = (await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json={})).json()
        await work_bulk()
    _, version = await publish_other(
        hands=LOOP | {"start": ["assigned"]}, sorted=LOOP | {"start": ["classified"]}
    )
    await apply(version)
    now = await shown(client, ticket)
    assert ("hands" in now, now["sorted"]["state"]) == (undos % 2 == 0, "running")
