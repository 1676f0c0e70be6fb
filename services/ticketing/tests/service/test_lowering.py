"""Whose tickets never wait, whatever the policy says; and who may say that a ticket is less grave."""

from datetime import datetime, timedelta

import pytest
from careloop_common import clock
from careloop_ticketing import defaults
from careloop_ticketing.sla.models import PolicyRow

CAREFUL = '!vip && tier != "advanced" && severity != "critical"'


@pytest.fixture
def lax(runtime):
    """`await lax()`: a policy as older releases took it, which lets everybody's clocks wait."""

    async def store():
        document = defaults.sla_policy()
        for one in document["clocks"].values():
            one.pop("pausable", None)
            one["pauses"] = [{"reason": "waiting_for_customer"}]
        row = PolicyRow(name="Lax", document=document, created_at=clock.now(), created_by="somebody")
        async with runtime.database.transaction() as session:
            session.add(row)

    return store


@pytest.fixture
def agent(client_as):
    return client_as("tickets:read", "tickets:write", actor_id="li.na", kind="user")


def states(ticket):
    return {clock["name"]: clock["state"] for clock in ticket["clocks"]}


@pytest.mark.parametrize("part", ["vip", 'tier == "advanced"', 'severity == "critical"'])
async def test_a_policy_that_lets_clocks_wait_that_must_not_is_refused(client, part):
    document = defaults.sla_policy()
    others = [text for text in CAREFUL.split(" && ") if part.split()[0] not in text]
    document["clocks"]["resolution"]["pausable"] = " && ".join(others)
    answer = await client.put("/v1/sla-policies", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_sla_policy")
    assert answer.json()["errors"][0]["pointer"] == "/clocks/resolution/pausable"
    del document["clocks"]["resolution"]["pausable"]
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 422
    assert len((await client.get("/v1/sla-policies")).json()["items"]) == 1


@pytest.mark.parametrize("named", ["regulator", "appeal"])
async def test_a_clock_of_the_regulator_never_pauses(client, named):
    document = defaults.sla_policy()
    document["clocks"][named] = document["clocks"]["regulator"] | {
        "statutory": named == "appeal",
        "pausable": CAREFUL,
        "pauses": [{"reason": "waiting_for_customer"}],
    }
    answer = await client.put("/v1/sla-policies", json=document)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/clocks/{named}/pauses")


@pytest.mark.parametrize("grave", [{"tier": "advanced"}, {"severity": "critical"}])
async def test_a_lax_policy_of_before_makes_no_grave_ticket_wait(client, lax, open_ticket, act, grave):
    await lax()
    ticket = await open_ticket()
    await act(ticket, "classify", **grave)
    await act(ticket, "respond")
    answer = await client.post(f"/v1/tickets/{ticket['id']}/pause", json={"reason": "waiting_for_customer"})
    assert (answer.status_code, answer.json()["code"]) == (409, "pause_not_allowed")


async def test_a_lax_policy_of_before_holds_up_no_clock_of_the_regulator(lax, open_ticket, act):
    await lax()
    ticket = await open_ticket()
    await act(ticket, "respond")
    waiting = states(await act(ticket, "pause", reason="waiting_for_customer"))
    assert (waiting["resolution"], waiting["regulator"]) == ("paused", "running")


async def test_an_agent_does_not_make_a_ticket_less_grave_and_then_wait(
    agent, client, open_ticket, act, facts
):
    ticket = await open_ticket()
    await act(ticket, "classify", tier="advanced", severity="critical")
    path, before = f"/v1/tickets/{ticket['id']}", await facts(ticket)
    for lower in ({"tier": "primary"}, {"severity": "low"}):
        answer = await agent.post(f"{path}/classify", json=lower | {"reason": "misjudged"})
        assert (answer.status_code, answer.json()["code"]) == (403, "lowering_not_allowed")
    answer = await client.post(f"{path}/classify", json={"tier": "primary"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert answer.json()["code"] == "lowering_reason_needed"
    shown = (await client.get(path)).json()
    assert (shown["tier"], shown["severity"], await facts(ticket)) == ("advanced", "critical", before)


async def test_raising_and_all_else_is_free(agent, open_ticket):
    ticket = await open_ticket()
    path = f"/v1/tickets/{ticket['id']}/classify"
    said = {"tier": "advanced", "severity": "critical", "cause": "price", "emotion": "calm"}
    raised = await agent.post(path, json=said)
    assert (raised.status_code, raised.json()["tier"]) == (200, "advanced")


async def test_what_was_lowered_is_in_the_history_and_in_the_audit_of_pauses(client, open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "classify", tier="advanced", severity="critical")
    await act(ticket, "classify", tier="primary", severity="normal", reason="misjudged")
    entry = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (entry["after"]["lowered"], entry["after"]["reason"]) == (["tier", "severity"], "misjudged")
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    audit = (await client.get("/v1/pause-audit", params=_since(ticket))).json()["items"]
    assert {(one["clock"], one["suspicion"]) for one in audit} >= {("resolution", "lowered_first")}


def _since(ticket):
    """From when it was opened on; the same day of the next year may not exist."""
    opened = datetime.fromisoformat(ticket["opened_at"])
    return {"opened_from": opened.isoformat(), "opened_until": (opened + timedelta(days=365)).isoformat()}


async def test_a_pause_of_a_ticket_that_was_always_so_is_not_suspected_of_that(client, open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "classify", tier="intermediate")
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    audit = (await client.get("/v1/pause-audit", params=_since(ticket))).json()["items"]
    assert "lowered_first" not in {one["suspicion"] for one in audit}
