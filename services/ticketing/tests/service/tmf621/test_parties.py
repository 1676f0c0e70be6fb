"""Who has to do with a ticket: found and shown in either version."""

import pytest
from careloop_ticketing.tmf621 import queries

V4, V5 = (f"/tmf-api/troubleTicket/v{version}/troubleTicket" for version in (4, 5))
WORDS = {"name": "账单", "description": "多收", "severity": "minor", "ticketType": "complaint"}


async def test_a_party_is_found_by_the_id_that_the_document_shows(client, open_ticket):
    party = {"id": "crm:4712", "role": "customer", "@referredType": "Customer"}
    made = await client.post(V4, json={**WORDS, "relatedParty": [party]})
    assert made.status_code == 201, made.text
    await open_ticket(customer={"source": "boss", "external_id": "4712"})
    for path, name in ((V4, "relatedParty.id"), (V5, "relatedParty.partyOrPartyRole.id")):
        for given, count in {"crm:4712": 1, "boss:4712": 1, "4712": 2, "crm:": 0, "x:4712": 0}.items():
            found = (await client.get(path, params={name: given})).json()
            assert len(found) == count, (path, given)
            assert given != "crm:4712" or found[0]["id"] == made.json()["id"]


def _named(version, role, identity, name=None):
    who = {"id": identity, "@referredType": "Individual"} | ({"name": name} if name else {})
    if version == 4:
        return who | {"role": role}
    who |= {"@type": "PartyRef"}
    return {"@type": "RelatedPartyRefOrPartyRoleRef", "role": role, "partyOrPartyRole": who}


INNER = {4: "relatedParty.", 5: "relatedParty.partyOrPartyRole."}


@pytest.mark.parametrize(("version", "path"), [(4, V4), (5, V5)])
async def test_parties_in_every_role_are_found(client, open_ticket, act, version, path):
    named = [_named(version, "reporter", "E1", "李雷"), _named(version, "vendor", "E2", "王芳, 有限公司")]
    typed = {"@type": "TroubleTicket"} if version == 5 else {}
    made = (await client.post(path, json={**WORDS, **typed, "relatedParty": named})).json()["id"]
    plain = await open_ticket(customer={"source": "boss", "external_id": "77"})
    await client.put("/v1/teams/network", json={"name": "Network", "members": []})
    await act(plain, "assign", assignee_id="agent-7", team="network")
    plain = plain["id"]
    identity, name, role = f"{INNER[version]}id", f"{INNER[version]}name", "relatedParty.role"
    cases = [
        ({identity: "E1"}, {made}),
        ({role: "reporter"}, {made}),
        ({name: "李雷"}, {made}),
        ({identity: "E1", role: "reporter", name: "李雷,韩梅梅"}, {made}),
        ({identity: "E1", role: "vendor"}, set()),
        ({identity: "E1", name: "王芳"}, set()),
        ({identity: "agent-7"}, {plain}),
        ({identity: "agent-7", role: "owner"}, {plain}),
        ({identity: "agent-7", role: "Agent"}, {plain}),
        ({identity: "agent-7", role: "team"}, set()),
        ({identity: "network", role: "team,owner"}, {plain}),
        ({identity: "E1,boss:77"}, {made, plain}),
        ({role: "customer"}, {plain}),
        ({role: "owner", name: "李雷"}, set()),
        ({identity: '" || true || "'}, set()),
        ({name: "\\ud800)"}, set()),
    ]
    for params, found in cases:
        answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        assert ({one["id"] for one in answer.json()}, answer.headers["x-total-count"]) == (
            found,
            str(len(found)),
        ), params


async def test_who_works_on_a_ticket_is_shown_and_cannot_be_written(client, open_ticket, act):
    ticket = await open_ticket(customer={"source": "boss", "external_id": "77"})
    await client.put("/v1/teams/network", json={"name": "Network", "members": []})
    await act(ticket, "assign", assignee_id="agent-7", team="network")
    shown = (await client.get(f"{V4}/{ticket['id']}")).json()["relatedParty"]
    assert [(one["role"], one["id"]) for one in shown] == [
        ("customer", "77"),
        ("owner", "agent-7"),
        ("team", "network"),
    ]
    other = (await client.get(f"{V5}/{ticket['id']}")).json()["relatedParty"]
    assert [(one["role"], one["partyOrPartyRole"]["id"]) for one in other] == [
        (one["role"], one["id"]) for one in shown
    ]
    vendor = _named(4, "vendor", "E2")
    answer = await client.patch(f"{V4}/{ticket['id']}", json={"relatedParty": [*shown, vendor]})
    assert answer.status_code == 200, answer.text
    await act(ticket, "assign", assignee_id="agent-8", team="network")
    again = (await client.get(f"{V4}/{ticket['id']}")).json()["relatedParty"]
    assert [(one["role"], one["id"]) for one in again] == [
        ("customer", "77"),
        ("vendor", "E2"),
        ("owner", "agent-8"),
        ("team", "network"),
    ]
    assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["assignee_id"] == "agent-8"


async def test_pages_of_many_and_of_few_are_in_the_same_order(client, open_ticket, monkeypatch):
    made = [(await client.post(V4, json={**WORDS, "priority": "P1"})).json()["id"] for _ in range(3)]
    for few in (0, 2_000):
        monkeypatch.setattr(queries, "_FEW", few)
        for params in ({"priority": "P1"}, {"severity": "minor"}, {"channel.id": "tmf621"}):
            answer = await client.get(V4, params={**params, "limit": 2, "offset": 1})
            assert [one["id"] for one in answer.json()] == [made[1], made[0]], params
            assert answer.headers["x-total-count"] == "3"


async def test_who_was_corrected_elsewhere_is_the_customer_here_too(client, complaint):
    named = [_named(4, "customer", "crm:4711", "李雷"), _named(4, "vendor", "E2")]
    given = complaint(4, relatedParty=named, channel={"id": "app", "name": "App"})
    made = (await client.post(V4, json=given)).json()
    other = {"customer": {"source": "crm", "external_id": "4712"}, "channel": "hotline", "reason": "mistaken"}
    assert (await client.patch(f"/v1/tickets/{made['id']}", json=other)).status_code == 200
    shown = (await client.get(f"{V4}/{made['id']}")).json()
    assert [(one["role"], one["id"]) for one in shown["relatedParty"]] == [
        ("vendor", "E2"),
        ("customer", "4712"),
    ]
    assert (shown["channel"]["id"], "李雷" in str(shown)) == ("hotline", False)
    again = await client.patch(
        f"{V4}/{made['id']}", json={"relatedParty": shown["relatedParty"], "priority": "1"}
    )
    assert again.status_code == 200, again.text
    added = complaint(4, relatedParty=named[1:])
    made = (await client.post(V4, json=added)).json()
    assert (await client.patch(f"/v1/tickets/{made['id']}", json=other)).status_code == 200
    roles = [one["role"] for one in (await client.get(f"{V4}/{made['id']}")).json()["relatedParty"]]
    assert roles == ["vendor", "customer"]


@pytest.mark.parametrize(("version", "path"), [(4, V4), (5, V5)])
async def test_nothing_is_found_by_what_others_have_corrected(client, complaint, monkeypatch, version, path):
    named = [_named(4, "Customer", "crm:4711", "李雷"), _named(4, "vendor", "E2", "李雷")]
    given = {"severity": "minor", "ticketType": "投诉", "channel": {"id": "app"}}
    made, kept = [
        (await client.post(V4, json=complaint(4, relatedParty=named, **given))).json() for _ in range(2)
    ]
    whose = {"customer": {"source": "crm", "external_id": "4712"}, "reason": "mistaken"}
    other = {**whose, "channel": "hotline", "kind": "inquiry"}
    assert (await client.patch(f"/v1/tickets/{made['id']}", json=other)).status_code == 200
    await client.post(f"/v1/tickets/{made['id']}/classify", json={"severity": "critical"})
    identity, name, role = f"{INNER[version]}id", f"{INNER[version]}name", "relatedParty.role"
    both = [kept["id"], made["id"]]
    for few in (0, 2_000):
        monkeypatch.setattr(queries, "_FEW", few)
        for params, found in (
            ({identity: "crm:4711"}, both[:1]),
            ({identity: "crm:4712"}, both[1:]),
            ({name: "李雷", role: "Customer"}, both[:1]),
            ({name: "李雷"}, both),
            ({identity: "E2"}, both),
            ({"severity": "minor"}, both[:1]),
            ({"ticketType": "投诉"}, both[:1]),
            ({"channel.id": "app"}, both[:1]),
            ({"channel.id": "hotline"}, both[1:]),
        ):
            answer = await client.get(path, params=params)
            assert [one["id"] for one in answer.json()] == found, (params, answer.text)
