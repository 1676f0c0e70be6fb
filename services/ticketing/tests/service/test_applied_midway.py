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
        assert await recalculation.follow(session, stretch.ids, stretch, now=clock.now()) == []
    assert (await clocks(ticket))[1] == before


async def test_of_those_who_apply_a_policy_at_once_one_does(client, open_ticket, publish_policy):
    version = await publish_policy(resolution=7200)
    asked = (client.post("/v1/sla-recalculations", json={"version": version}) for _ in range(5))
    answers = await asyncio.gather(*asked)
    assert sorted(one.status_code for one in answers) == [202, 409, 409, 409, 409]
