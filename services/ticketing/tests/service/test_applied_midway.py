"""A policy that is applied in the middle of a life: to who waits, is resolved, was merged, or whose job is being undone."""

import asyncio

import pytest
from careloop_common import clock
from careloop_ticketing.recalculation import service as recalculation

PAUSES = {
    "pausable": '!vip && tier != "advanced" && severity != "critical"',
    "pauses": [{"reason": "waiting_for_customer"}, {"reason": "waiting_for_third_party", "approval": True}],
}
DAYS = {"start": ["opened"], "targets": [{"seconds": 259_200}], "ladders": [{"ladder": "first_response"}]}
LOOP = DAYS | {"stop": ["archived"]}
WHOLE = DAYS | {"stop": ["resolved"], "on_reopen": "continue"}


@pytest.fixture
def clocks(client):
    """`await clocks(ticket)`: its status, and of each of its clocks the state and the policy."""

    async def read(ticket):
        found = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        running = {one["name"]: (one["state"], one["policy_version"]) for one in found["clocks"]}
        return found["status"], running

    return read


@pytest.fixture
def undo(client, work_bulk, bulk_job):
    async def back(job):
        asked = (await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json={})).json()
        await work_bulk()
        assert (await bulk_job(asked))["counts"]["changed"] == 1
        return asked

    return back


@pytest.mark.parametrize("end", [("cancel", "withdrawn"), ("reject", "spam")])
async def test_what_is_closed_while_a_policy_is_on_its_way_to_it_stays_closed(
    client, open_ticket, act, publish_policy, publish_other, runtime, clocks, end
):
    await publish_policy()
    ticket = await open_ticket()
    _, version = await publish_other(loop=LOOP)
    await client.post("/v1/sla-recalculations", json={"version": version})
    async with runtime.database.transaction() as session:
        stretch = await recalculation.next_stretch(session, now=clock.now())
    what, reason = end
    await act(ticket, what, reason=reason)
    _, before = await clocks(ticket)
    async with runtime.database.transaction() as session:
        assert await recalculation.follow(session, stretch.ids, stretch, now=clock.now()) == ([], [])
    assert (await clocks(ticket))[1] == before


async def test_of_those_who_apply_a_policy_at_once_one_does(client, open_ticket, publish_policy):
    version = await publish_policy(resolution=7200)
    asked = (client.post("/v1/sla-recalculations", json={"version": version}) for _ in range(5))
    answers = await asyncio.gather(*asked)
    assert sorted(one.status_code for one in answers) == [202, 409, 409, 409, 409]


async def test_a_clock_that_goes_on_after_the_remedy_does_not_wait_any_more(
    open_ticket, act, publish_clocks, clocks
):
    await publish_clocks(loop=LOOP | PAUSES)
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    await act(ticket, "resolve")
    assert (await clocks(ticket))[1]["loop"][0] == "running"
    await act(ticket, "reopen")
    status, found = await clocks(ticket)
    assert (status, found["loop"][0]) == ("handling", "running")


@pytest.mark.parametrize("way", [("merge", "unmerge"), ("resolve", "reopen")])
async def test_who_has_waited_and_come_back_waits_no_more(
    open_ticket, act, publish_policy, publish_other, apply, clocks, way
):
    await publish_policy()
    ticket, other = await open_ticket(), await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    away, back = way
    await act(ticket, away, **({"into": other["id"]} if away == "merge" else {}))
    await act(ticket, back)
    _, version = await publish_other(loop=LOOP | PAUSES)
    await apply(version)
    status, found = await clocks(ticket)
    assert (status, found["loop"]) == ("handling", ("running", version))


async def test_a_wait_that_was_approved_is_so_for_a_clock_that_is_added(
    open_ticket, act, publish_policy, publish_other, apply, clocks
):
    await publish_policy()
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_third_party")
    _, version = await publish_other(loop=LOOP | PAUSES)
    await apply(version)
    assert (await clocks(ticket))[1]["loop"][0] == "paused"


async def test_thanks_begin_no_clock_of_a_policy_that_is_applied_later(
    client, open_ticket, act, publish_other, apply, clocks
):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    await act(ticket, "messages", text="好的，谢谢")
    _, version = await publish_other(answer=DAYS | {"start": ["customer_wrote"], "stop": ["responded"]})
    await apply(version)
    assert "answer" not in (await clocks(ticket))[1]
    await act(ticket, "reopen")
    assert "answer" not in (await clocks(ticket))[1]
    await act(ticket, "messages", text="还是不行")
    assert (await clocks(ticket))[1]["answer"] == ("running", version)


async def test_a_resolved_ticket_that_comes_back_has_what_was_added_and_not_what_was_dropped(
    open_ticket, act, publish_policy, publish_other, publish_clocks, apply, clocks
):
    await publish_clocks(dropped=WHOLE)
    ticket = await open_ticket()
    await act(ticket, "resolve")
    _, version = await publish_other(whole=WHOLE, once=WHOLE | {"on_reopen": "freeze"})
    await apply(version)
    await act(ticket, "reopen")
    status, found = await clocks(ticket)
    assert (status, found["whole"]) == ("handling", ("running", version))
    assert (found["dropped"][0], "once" in found) == ("stopped", False)


async def test_what_would_be_over_does_not_begin_with_the_next_act_either(
    open_ticket, act, publish_policy, publish_other, apply, clocks
):
    await publish_policy()
    ticket = await open_ticket()
    await act(ticket, "messages", text="喂")
    _, version = await publish_other(answer=DAYS | {"stop": ["customer_wrote"]})
    await apply(version)
    await act(ticket, "assign", assignee_id="agent-7")
    assert "answer" not in (await clocks(ticket))[1]


async def test_a_clock_that_a_ticket_has_no_more_comes_back_under_the_policy_that_was_applied_meanwhile(
    client, open_ticket, act, publish_clocks, apply, clocks
):
    async def publish(seconds):
        await publish_clocks(grave={"when": 'severity == "high"', "targets": [{"seconds": seconds}]})
        return (await client.get("/v1/sla-policies")).json()["items"][0]["version"]

    await publish(3600)
    ticket = await open_ticket()
    await act(ticket, "classify", severity="high")
    await act(ticket, "classify", severity="normal", reason="misjudged")
    version = await publish(7200)
    done = await apply(version)
    assert done["ended"] == 0
    back = await act(ticket, "classify", severity="high")
    grave = next(one for one in back["clocks"] if one["name"] == "grave")
    assert (grave["state"], grave["target_seconds"], grave["policy_version"]) == ("running", 7200, version)


async def test_what_is_undone_follows_the_policy_that_was_applied_since(
    open_ticket, publish_clocks, publish_other, apply, clocks, ask_bulk, work_bulk, undo
):
    await publish_clocks(dropped=WHOLE)
    ticket = await open_ticket()
    job = await ask_bulk("resolve", [ticket])
    await work_bulk()
    _, version = await publish_other(whole=WHOLE)
    await apply(version)
    await undo(job)
    status, found = await clocks(ticket)
    assert (status, found["dropped"][0]) == ("classified", "stopped")
    assert found["whole"] == found["resolution"] == ("running", version)


@pytest.mark.parametrize(("undone", "begins"), [(0, False), (1, True), (2, False), (3, True)])
async def test_an_undo_that_was_undone_is_none(
    open_ticket, publish_policy, publish_other, apply, clocks, ask_bulk, work_bulk, undo, undone, begins
):
    await publish_policy()
    ticket = await open_ticket()
    job = await ask_bulk("resolve", [ticket])
    await work_bulk()
    for _ in range(undone):
        job = await undo(job)
    _, version = await publish_other(whole=WHOLE)
    await apply(version)
    assert ("whole" in (await clocks(ticket))[1]) is begins


async def test_who_is_resolved_again_after_an_undo_has_an_answer(
    open_ticket, act, publish_policy, publish_other, apply, clocks, ask_bulk, work_bulk, undo
):
    await publish_policy()
    ticket = await open_ticket()
    job = await ask_bulk("resolve", [ticket])
    await work_bulk()
    await undo(job)
    await act(ticket, "resolve")
    _, version = await publish_other(answer=DAYS | {"stop": ["responded"]})
    await apply(version)
    assert "answer" not in (await clocks(ticket))[1]


async def test_two_clocks_of_one_name_that_began_with_a_job_are_both_undone(
    open_ticket, publish_clocks, clocks, ask_bulk, work_bulk, undo
):
    turns = {"start": ["responded", "resolved"], "stop": ["responded", "resolved"], "repeats": True}
    await publish_clocks(turns=turns | {"targets": [{"seconds": 3600}]})
    ticket = await open_ticket()
    job = await ask_bulk("resolve", [ticket])
    await work_bulk()
    await undo(job)
    assert "turns" not in (await clocks(ticket))[1]
