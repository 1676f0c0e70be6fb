"""A merge that is undone: what was said meanwhile of the customer and of the terms holds for the ticket as for the others."""

import pytest
from careloop_common import clock, ids
from careloop_ticketing.customers import service as customers


@pytest.fixture
def customer(runtime):
    """`await customer(vip=True)`: what the replica knows of one customer by now; returns their id."""
    known = {"id": ids.new_id(), "version": 0, "source": "crm", "external_id": "c-1", "status": "active"}
    known |= {"region": "北京", "language": "zh", "vip": False, "automated_decisions": True}

    async def say(**what):
        known.update(what, version=known["version"] + 1, updated_at=clock.now())
        async with runtime.database.transaction() as session:
            await customers.replicate(session, [dict(known)])
        return str(known["id"])

    return say


@pytest.fixture
def resolution(client):
    """`await resolution(ticket)`: the target of its clock and the policy of the ticket."""

    async def read(ticket):
        found = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        target = next(one["target_seconds"] for one in found["clocks"] if one["name"] == "resolution")
        return target, found["policy_version"]

    return read


async def test_who_became_vip_meanwhile_is_one(client, open_ticket, act, customer, resolution):
    theirs = await customer()
    ticket, into = await open_ticket(customer_id=theirs), await open_ticket(customer_id=theirs)
    await act(ticket, "merge", into=into["id"])
    await customer(vip=True, region="上海")
    back = await act(ticket, "unmerge")
    assert (back["vip"], back["region"]) == (True, "上海")
    assert (await resolution(ticket))[0] == 43_200
    last = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (last["fact"], last["before"]["vip"], last["after"]["vip"]) == ("unmerged", False, True)
    assert last["after"]["resolution"]["target_seconds"] == 43_200


async def test_who_became_known_meanwhile_is_linked(open_ticket, act, customer):
    ticket = await open_ticket(customer={"source": "crm", "external_id": "c-1"})
    await act(ticket, "merge", into=(await open_ticket())["id"])
    theirs = await customer(vip=True)
    back = await act(ticket, "unmerge")
    assert (back["customer_id"], back["vip"]) == (theirs, True)


@pytest.mark.parametrize(("away", "back"), [("merge", "unmerge"), ("resolve", "reopen")])
async def test_a_policy_that_running_clocks_were_told_to_follow_meanwhile_is_followed(
    open_ticket, act, publish_policy, apply, resolution, away, back
):
    ticket, runs = await open_ticket(), await open_ticket()
    await act(ticket, away, **({"into": runs["id"]} if away == "merge" else {}))
    version = await publish_policy(resolution=7200)
    await apply(version)
    await act(ticket, back)
    assert await resolution(ticket) == await resolution(runs) == (7200, version)


async def test_a_policy_that_was_only_published_is_not(open_ticket, act, publish_policy, resolution):
    ticket, into = await open_ticket(), await open_ticket()
    await act(ticket, "merge", into=into["id"])
    await publish_policy(resolution=7200)
    await act(ticket, "unmerge")
    assert await resolution(ticket) == await resolution(into) == (86_400, ticket["policy_version"])
