"""Creating and reading."""

import pytest
from careloop_ticketing.tmf621.policy.intake import LONGEST_NOTE

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"
PUBLIC = "http://127.0.0.1:8080"


class TestCreation:
    @pytest.mark.parametrize(("version", "path"), [(4, V4), (5, V5)])
    async def test_a_ticket_opens_acknowledged_and_on_its_clocks(self, client, create, version, path):
        made = await create(version)
        assert made["href"] == f"{PUBLIC}{path}/{made['id']}"
        assert (made["status"], made["severity"], made["ticketType"]) == (
            "acknowledged",
            "Major",
            "complaint",
        )
        assert made["expectedResolutionDate"]
        ours = (await client.get(f"/v1/tickets/{made['id']}")).json()
        assert (ours["subject"], ours["severity"], ours["kind"]) == ("宽带故障", "high", "complaint")
        assert ours["clocks"]

    async def test_a_resolution_is_expected_when_its_own_clock_is_due(self, client, create, act):
        made = await create(4, channel={"id": "app"})
        ours = (await client.get(f"/v1/tickets/{made['id']}")).json()
        due = {clock["name"]: clock["due_at"][:19] for clock in ours["clocks"]}
        assert due["online_pick_up"] < due["first_response"] == made["responseDueDate"][:19]
        await act(made, "respond")
        for shown in (made, (await client.get(f"{V4}/{made['id']}")).json()):
            assert (
                shown["expectedResolutionDate"][:19] == shown["resolutionDueDate"][:19] == due["resolution"]
            )

    async def test_both_versions_show_the_same_ticket(self, client, create):
        made = await create(
            4,
            externalId="T-1",
            channel={"id": "app", "name": "掌厅"},
            relatedParty=[{"id": "crm:4711", "role": "customer", "@referredType": "Customer"}],
            relatedEntity=[{"id": "bill-3", "role": "disputedBill", "@referredType": "CustomerBill"}],
        )
        assert made["@type"] == "ComplaintTicket"
        assert {made["tier"], made["causeCategory"], made["isVip"]} >= {False}
        other = (await client.get(f"{V5}/{made['id']}")).json()
        assert other["externalIdentifier"] == [{"id": "T-1", "@type": "ExternalIdentifier"}]
        assert other["channel"] == {"id": "app", "name": "掌厅", "@type": "ChannelRef"}
        assert other["relatedParty"][0]["partyOrPartyRole"]["id"] == "crm:4711"
        assert other["relatedEntity"][0]["entity"]["id"] == "bill-3"
        characteristics = {one["name"]: one["value"] for one in other["troubleTicketCharacteristic"]}
        assert characteristics["tier"] == made["tier"]
        assert characteristics["resolutionDueDate"] == other["expectedResolutionDate"]
        assert [one["status"] for one in other["statusChangeHistory"]] == ["acknowledged"]

    async def test_what_the_store_has_no_place_for_is_read_back_as_written(self, create, client):
        written = {
            "attachment": [
                {
                    "@type": "Attachment",
                    "attachmentType": "billCopy",
                    "mimeType": "image/png",
                    "url": "https://x.example/a",
                }
            ],
            "relatedEntity": [
                {
                    "@type": "RelatedEntity",
                    "role": "bill",
                    "entity": {"@type": "EntityRef", "id": "1", "x": [1, None]},
                }
            ],
            "troubleTicketRelationship": [
                {"@type": "TroubleTicketRelationship", "id": "7", "relationshipType": "dependsOn"}
            ],
            "priority": "High",
            "requestedResolutionDate": "2030-01-01T00:00:00Z",
            "x-ours": {"deep": [{"a": None}]},
        }
        made = await create(5, **written)
        read = (await client.get(f"{V5}/{made['id']}")).json()
        assert {name: read[name] for name in written} == written

    async def test_a_retried_creation_makes_one_ticket(self, create, client):
        same = {"externalIdentifier": [{"@type": "ExternalIdentifier", "owner": "crm", "id": "X-9"}]}
        first, second = await create(5, **same), await create(5, **same)
        assert first["id"] == second["id"]
        listed = await client.get(V5, params={"externalIdentifier.id": "X-9"})
        assert listed.headers["x-total-count"] == "1"

    async def test_notes_become_the_tickets_notes(self, create, client):
        note = {
            "@type": "Note",
            "id": "77",
            "author": "王芳",
            "text": "请尽快",
            "date": "2026-01-01T08:00:00Z",
        }
        made = await create(5, note=[note])
        assert made["note"] == [note]
        ours = (await client.get(f"/v1/tickets/{made['id']}/notes")).json()["items"]
        assert [one["text"] for one in ours] == ["请尽快"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"severity": None}, "/severity"),
            ({"severity": 3}, "/severity"),
            ({"status": "open"}, "/status"),
            ({"requestedResolutionDate": "tomorrow"}, "/requestedResolutionDate"),
            ({"note": [{"@type": "Note", "text": "x" * (LONGEST_NOTE + 1)}]}, "/note/0/text"),
            ({"attachment": [{"name": "x"}]}, "/attachment/0/@type"),
            ({"@type": None}, "/@type"),
            ({"description": "a\0b"}, ""),
        ],
    )
    async def test_wrong_documents_are_refused(self, client, change, pointer, is_error, complaint):
        answer = await client.post(V5, json=complaint(5, **change))
        assert is_error(answer, 400, "attribute_invalid")
        assert pointer in answer.json()["message"]

    @pytest.mark.parametrize("name", ["id", "href", "creationDate", "lastUpdate"])
    async def test_attributes_of_the_system_are_refused(self, client, name, is_error, complaint):
        given = {name: "2026-01-01T00:00:00Z"}
        assert is_error(await client.post(V5, json=complaint(5, **given)), 400, "attribute_not_writable")


class TestReading:
    async def test_lists_count_page_and_filter(self, create, client):
        for severity in ("Critical", "Minor", "Minor"):
            await create(4, severity=severity, channel={"id": "app"})
        found = await client.get(
            V4, params={"severity": "Minor", "limit": 1, "offset": 1, "fields": "severity"}
        )
        assert (found.headers["x-total-count"], found.headers["x-result-count"]) == ("2", "1")
        assert set(found.json()[0]) == {"id", "href", "@type", "severity"}
        both = await client.get(V4, params={"status": "acknowledged,inProgress", "channel.id": "app"})
        assert both.headers["x-total-count"] == "3"
        none = await client.get(V4, params={"status": "cancelled"})
        assert none.json() == []

    async def test_version_5_sorts(self, create, client):
        made = [(await create())["id"] for _ in range(3)]
        found = (await client.get(V5, params={"sort": "creationDate"})).json()
        assert [one["id"] for one in found] == made

    @pytest.mark.parametrize("given", [{"after": "x"}, {"before": "x"}, {"filter": "$"}, {"sort": "note"}])
    async def test_what_is_not_implemented_says_so(self, client, given, is_error):
        assert is_error(await client.get(V5, params=given), 501, "parameter_not_implemented")

    @pytest.mark.parametrize(
        "given", [{"limit": "-1"}, {"offset": "x"}, {"colour": "red"}, {"severity": "a\0"}]
    )
    async def test_wrong_parameters_are_refused(self, client, given, is_error):
        assert is_error(await client.get(V4, params=given), 400, "validation_failed")

    @pytest.mark.parametrize("url", [V4, V5])
    async def test_a_status_that_there_is_not_is_refused_and_not_found_nowhere(self, client, url, is_error):
        answer = await client.get(url, params={"status": "resolved,bogus"})
        assert is_error(answer, 400, "attribute_invalid")
        assert "bogus" in answer.json()["message"]

    async def test_tickets_opened_elsewhere_are_there_too(self, open_ticket, client):
        ticket = await open_ticket(external_ref="E1", customer={"source": "crm", "external_id": "K1"})
        found = (await client.get(f"{V4}/{ticket['id']}")).json()
        assert (found["channel"], found["externalId"]) == ({"id": "hotline"}, "E1")
        assert found["relatedParty"][0]["id"] == "K1"


class TestErrors:
    async def test_here_every_failure_has_the_forums_form(self, client, client_as, is_error, complaint):
        assert is_error(await client.get(f"{V4}/nobody"), 404, "ticket_not_found")
        assert is_error(await client.get("/tmf-api/troubleTicket/v4/nothing"), 404, "route_not_found")
        deleted = await client.delete(f"{V4}/nobody")
        assert is_error(deleted, 405, "method_not_allowed")
        assert "GET" in deleted.headers["allow"]
        assert is_error(await client_as("tickets:read").post(V4, json={}), 403, "scope_missing")
        nobody = await client.get(V4, headers={"authorization": ""})
        assert is_error(nobody, 401, "unauthenticated")
        large = await client.post(V4, json=complaint(4, description="x" * (1 << 20)))
        assert is_error(large, 413, "body_too_large")
        text = await client.post(V4, content="hello", headers={"content-type": "text/plain"})
        assert is_error(text, 415, "media_type_not_supported")
        broken = await client.post(V4, content="{", headers={"content-type": "application/json"})
        assert is_error(broken, 400, "malformed_request")

    async def test_elsewhere_failures_stay_problem_documents(self, client):
        for path in ("/v1/tickets/nobody", "/v1/nothing"):
            assert (await client.get(path)).headers["content-type"] == "application/problem+json"
