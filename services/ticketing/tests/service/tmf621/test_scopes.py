"""A patch may do what its author may do at the acts' own addresses, and no more."""

import pytest
from careloop_ticketing.tickets.acts_api import router as acts
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tmf621.errors import StatusImpossible
from careloop_ticketing.tmf621.policy import statuses
from careloop_ticketing.tmf621.policy.statuses import TmfStatus

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"
AGENT = ("tickets:read", "tickets:write")


@pytest.mark.parametrize("url", [V4, V5])
async def test_an_agent_does_not_reject_by_a_patch(client, client_as, open_ticket, url, is_error, facts):
    ticket = await open_ticket()
    agent = client_as(*AGENT)
    own = await agent.post(f"/v1/tickets/{ticket['id']}/reject", json={"reason": "spam"})
    assert (own.status_code, own.json()["code"]) == (403, "scope_missing")
    body = {"status": "rejected", "name": "另一个"}
    assert is_error(await agent.patch(f"{url}/{ticket['id']}", json=body), 403, "scope_missing")
    assert await facts(ticket) == ["opened", "classified"]
    allowed = await client_as(*AGENT, "tickets:supervise").patch(f"{url}/{ticket['id']}", json=body)
    assert allowed.json()["status"] == "rejected"


async def test_nor_by_a_json_patch(client_as, open_ticket, is_error):
    ticket = await open_ticket()
    operations = [{"op": "replace", "path": "/status", "value": "rejected"}]
    kind = {"content-type": "application/json-patch+json"}
    answer = await client_as(*AGENT).patch(f"{V5}/{ticket['id']}", json=operations, headers=kind)
    assert is_error(answer, 403, "scope_missing")


async def test_nor_does_it_close_a_ticket_before_the_customer_was_heard(
    client_as, open_ticket, act, is_error
):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    agent = client_as(*AGENT)
    closed = {"status": "closed"}
    assert is_error(await agent.patch(f"{V4}/{ticket['id']}", json=closed), 403, "scope_missing")
    supervisor = client_as(*AGENT, "tickets:supervise")
    assert (await supervisor.patch(f"{V4}/{ticket['id']}", json=closed)).json()["status"] == "closed"


@pytest.mark.parametrize("way", [("inProgress", "pending", "held", "inProgress", "resolved"), ("cancelled",)])
async def test_what_agents_may_do_they_may_do_here_too(client_as, open_ticket, way):
    ticket = await open_ticket()
    for status in way:
        answer = await client_as(*AGENT).patch(f"{V4}/{ticket['id']}", json={"status": status})
        assert answer.status_code == 200, answer.text
    graver = await client_as(*AGENT).patch(f"{V4}/{ticket['id']}", json={"severity": "critical"})
    assert graver.status_code == (200 if "resolved" in way else 409)


async def test_an_agent_does_not_make_less_of_a_ticket_here_either(client_as, open_ticket, client, is_error):
    ticket = await open_ticket()
    path, lower = f"{V4}/{ticket['id']}", {"severity": "low"}
    assert is_error(await client_as(*AGENT).patch(path, json=lower), 403, "lowering_not_allowed")
    supervisor = client_as(*AGENT, "tickets:supervise")
    assert (await supervisor.patch(path, json=lower)).status_code == 200
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"]
    entry = [one for one in history if one["fact"] == "classified"][-1]
    assert (entry["after"]["lowered"], entry["after"]["reason"]) == (["severity"], "not_stated")


@pytest.mark.parametrize(("word", "shown"), [("Low", "normal"), ("Minor", "Minor"), ("Major", "Major")])
async def test_nobody_is_turned_away_for_calling_a_ticket_less_grave_than_the_rules_do(
    client_as, complaint, word, shown
):
    integrator = client_as("tickets:read", "tickets:write", "tickets:subscribe")
    opened = await integrator.post(V4, json=complaint(4, severity=word))
    assert (opened.status_code, opened.json()["severity"]) == (201, shown), opened.text
    supervisor = client_as(*AGENT, "tickets:supervise")
    lowered = await supervisor.post(V5, json=complaint(5, severity=word))
    assert (lowered.status_code, lowered.json()["severity"]) == (201, word), lowered.text


def test_every_act_that_a_status_runs_needs_the_scope_of_its_own_address():
    there = {route.path.rpartition("/")[2]: route.openapi_extra["x-scope"] for route in acts.routes}
    ways = {step.act for here in TmfStatus for wanted in TmfStatus for step in _steps(here, wanted)}
    assert ways >= {Act.REJECT, Act.CANCEL, Act.ARCHIVE, Act.REOPEN}
    for act in ways - {Act.ARCHIVE}:
        assert statuses.SCOPES.get(act, "tickets:write") == there[act.value], act


def _steps(here, wanted):
    try:
        return statuses.steps(here, wanted)
    except StatusImpossible:
        return ()
