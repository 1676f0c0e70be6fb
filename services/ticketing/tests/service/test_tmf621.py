"""Both versions of TM Forum Trouble Ticket over the same tickets."""

import base64

import pytest
from careloop_ticketing.tmf621.policy.intake import LONGEST_NOTE

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"
PUBLIC = "http://127.0.0.1:8080"


def complaint(version, **more):
    typed = {"@type": "TroubleTicket"} if version == 5 else {}
    return {
        "name": "宽带故障",
        "description": "家里宽带断了两天",
        "severity": "Major",
        "ticketType": "complaint",
        **typed,
        **more,
    }


@pytest.fixture
def create(client):
    async def one(version=5, **more):
        answer = await client.post(V5 if version == 5 else V4, json=complaint(version, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    return one


@pytest.fixture
def patch(client):
    async def one(
        ticket, *, version=5, status=200, kind="application/merge-patch+json", body=None, **changes
    ):
        answer = await client.patch(
            f"{V5 if version == 5 else V4}/{ticket['id']}",
            json=changes if body is None else body,
            headers={"content-type": kind},
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    return one


def is_error(answer, status, code):
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, str(status), code), body
    assert answer.headers["content-type"] == "application/json"
    assert body["reason"]
    assert body["message"]
    assert body["referenceError"] == f"https://careloop.dev/errors#{code}"
    assert body["@type"] == "Error"
    return True


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
    async def test_wrong_documents_are_refused(self, client, change, pointer):
        answer = await client.post(V5, json=complaint(5, **change))
        assert is_error(answer, 400, "attribute_invalid")
        assert pointer in answer.json()["message"]

    @pytest.mark.parametrize("name", ["id", "href", "creationDate", "lastUpdate"])
    async def test_attributes_of_the_system_are_refused(self, client, name):
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
    async def test_what_is_not_implemented_says_so(self, client, given):
        assert is_error(await client.get(V5, params=given), 501, "parameter_not_implemented")

    @pytest.mark.parametrize(
        "given", [{"limit": "-1"}, {"offset": "x"}, {"colour": "red"}, {"severity": "a\0"}]
    )
    async def test_wrong_parameters_are_refused(self, client, given):
        assert is_error(await client.get(V4, params=given), 400, "validation_failed")

    async def test_tickets_opened_elsewhere_are_there_too(self, open_ticket, client):
        ticket = await open_ticket(external_ref="E1", customer={"source": "crm", "external_id": "K1"})
        found = (await client.get(f"{V4}/{ticket['id']}")).json()
        assert (found["channel"], found["externalId"]) == ({"id": "hotline"}, "E1")
        assert found["relatedParty"][0]["id"] == "K1"


class TestStatus:
    async def test_a_status_runs_the_act_that_leads_there(self, create, patch, facts, client):
        ticket = await create()
        for status in (
            "inProgress",
            "pending",
            "held",
            "inProgress",
            "resolved",
            "inProgress",
            "resolved",
            "closed",
        ):
            shown = await _to(patch, ticket, status)
            assert shown["status"] == status
        assert await facts(ticket) == [
            "opened", "classified", "classified", "responded", "paused", "resumed", "paused", "resumed",
            "resolved", "reopened", "resolved", "archived",
        ]  # fmt: skip
        shown = (await client.get(f"{V4}/{ticket['id']}")).json()
        assert [one["status"] for one in shown["statusChange"]] == [
            "acknowledged", "inProgress", "pending", "inProgress", "held", "inProgress", "resolved",
            "inProgress", "resolved", "closed",
        ]  # fmt: skip
        assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["status"] == "archived"

    async def test_pending_and_held_are_told_apart_by_the_list(self, create, patch, client):
        waiting, held = await create(), await create()
        for ticket, status in ((waiting, "pending"), (held, "held")):
            await _to(patch, ticket, "inProgress")
            await _to(patch, ticket, status)
        found = (await client.get(V5, params={"status": "held"})).json()
        assert [one["id"] for one in found] == [held["id"]]

    @pytest.mark.parametrize("status", ["pending", "closed"])
    async def test_an_impossible_status_changes_nothing(self, create, client, status):
        ticket = await create()
        body = {"status": status, "priority": "1", "note": [{"text": "x"}]}
        answer = await client.patch(f"{V4}/{ticket['id']}", json=body)
        assert is_error(answer, 409, "status_impossible")
        same = (await client.get(f"{V5}/{ticket['id']}")).json()
        assert same == ticket

    @pytest.mark.parametrize("status", ["rejected", "cancelled"])
    async def test_an_open_ticket_is_rejected_and_cancelled_for_good(self, create, patch, client, status):
        ticket = await create()
        ended = await patch(ticket, body={"status": status})
        assert ended["status"] == status
        again = await client.patch(f"{V4}/{ticket['id']}", json={"status": "inProgress"})
        assert is_error(again, 409, "status_impossible")

    async def test_the_reason_is_kept_as_a_note_and_shown(self, create, patch):
        ticket = await create()
        shown = await patch(ticket, body={"status": "inProgress", "statusChangeReason": "已致电"})
        assert shown["statusChangeReason"] == "已致电"
        assert shown["note"][0]["text"] == "已致电"


async def _to(patch, ticket, status):
    return await patch(ticket, body={"status": status})


class TestPatch:
    async def test_texts_severity_and_other_attributes(self, create, patch, facts, client):
        ticket = await create(5, priority="Low")
        shown = await patch(
            ticket, body={"name": "新名称", "severity": "Critical", "priority": None, "x": {"y": 1}}
        )
        assert (shown["name"], shown["severity"], shown["x"]) == ("新名称", "Critical", {"y": 1})
        assert "priority" not in shown
        assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["severity"] == "critical"
        assert (await facts(ticket))[-2:] == ["classified", "amended"]

    async def test_json_patch(self, create, patch):
        ticket = await create()
        operations = [
            {"op": "replace", "path": "/severity", "value": "Minor"},
            {"op": "add", "path": "/note", "value": [{"@type": "Note", "text": "一"}]},
            {"op": "add", "path": "/note/-", "value": {"@type": "Note", "text": "二"}},
            {"op": "add", "path": "/priority", "value": "1"},
            {"op": "remove", "path": "/priority"},
        ]
        shown = await patch(ticket, kind="application/json-patch+json", body=operations)
        assert (shown["severity"], [one["text"] for one in shown["note"]]) == ("Minor", ["一", "二"])
        again = [{"op": "add", "path": "/note/-", "value": {"@type": "Note", "text": "三"}}]
        shown = await patch(ticket, kind="application/json-patch+json", body=again)
        assert [one["text"] for one in shown["note"]] == ["一", "二", "三"]

    @pytest.mark.parametrize(
        ("operations", "status", "code"),
        [
            ({}, 400, "patch_invalid"),
            ([{"op": {}, "path": ""}], 400, "patch_invalid"),
            ([{"op": "add", "path": "/x", "value": "\0"}], 400, "patch_invalid"),
            ([{"op": "remove", "path": "/nothing"}], 400, "patch_invalid"),
            ([{"op": "replace", "path": "/note/x", "value": 1}], 400, "patch_invalid"),
            ([{"op": "add", "path": "/x"}], 400, "patch_invalid"),
            ([{"op": "test", "path": "/id", "value": 1}], 501, "parameter_not_implemented"),
            ([{"op": "remove", "path": "/severity"}], 400, "attribute_not_writable"),
            ([{"op": "replace", "path": "/id", "value": "1"}], 400, "attribute_not_writable"),
        ],
    )
    async def test_json_patches_that_cannot_be(self, create, client, operations, status, code):
        ticket = await create()
        kind = {"content-type": "application/json-patch+json"}
        answer = await client.patch(f"{V5}/{ticket['id']}", json=operations, headers=kind)
        assert is_error(answer, status, code)

    @pytest.mark.parametrize(
        "body",
        [
            {"creationDate": "2020-01-01T00:00:00Z"},
            {"lastUpdate": "2020-01-01T00:00:00Z"},
            {"statusChangeDate": "2020-01-01T00:00:00Z"},
            {"statusChange": []},
            {"id": "1"},
            {"tier": "advanced"},
        ],
    )
    async def test_attributes_of_the_system_are_refused(self, create, client, body):
        ticket = await create(4)
        assert is_error(await client.patch(f"{V4}/{ticket['id']}", json=body), 400, "attribute_not_writable")

    @pytest.mark.parametrize(
        "body",
        [
            {"ticketType": "inquiry"},
            {"channel": {"id": "other"}},
            {"externalId": "other"},
            {"relatedParty": [{"id": "c2", "role": "customer", "@referredType": "Customer"}]},
        ],
    )
    async def test_what_is_settled_stays(self, create, client, body):
        ticket = await create(4, externalId="one")
        assert is_error(await client.patch(f"{V4}/{ticket['id']}", json=body), 409, "attribute_fixed")

    async def test_an_archived_ticket_takes_no_patch(self, create, patch):
        ticket = await create()
        for status in ("resolved", "closed"):
            await _to(patch, ticket, status)
        refused = await patch(ticket, status=409, body={"priority": "1"})
        assert refused["code"] == "transition_impossible"

    async def test_a_patch_of_another_version_of_the_ticket_is_refused(self, create, client):
        ticket = await create()
        answer = await client.patch(f"{V5}/{ticket['id']}", json={"name": "x"}, headers={"if-match": '"1"'})
        assert is_error(answer, 412, "version_mismatch")


GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
LINK = {"@type": "Attachment", "name": "合同", "url": "http://10.0.0.1/secret", "attachmentType": "contract"}


def file(data=GIF, **more):
    return {
        "@type": "Attachment",
        "content": base64.b64encode(data).decode(),
        "mimeType": "image/gif",
        **more,
    }


class TestAttachments:
    @pytest.mark.parametrize("version", [4, 5])
    async def test_a_content_becomes_a_file_of_the_ticket(self, client, create, facts, version):
        said = {"attachmentType": "Photo", "description": "客厅的光猫", "name": "光猫"}
        made = await create(version, attachment=[file(**said), LINK])
        link, shown = made["attachment"]
        assert link == LINK
        address = f"{PUBLIC}/v1/tickets/{made['id']}/attachments/{shown['id']}"
        assert shown == {
            **said,
            "@type": "Attachment",
            "id": shown["id"],
            "href": address,
            "url": f"{address}/content",
            "name": "光猫.gif",
            "mimeType": "image/gif",
            "size": {"amount": len(GIF), "units": "bytes"},
        }
        ours = (await client.get(f"/v1/tickets/{made['id']}/attachments")).json()["items"]
        assert [(one["name"], one["purpose"]) for one in ours] == [("光猫.gif", "photo")]
        assert (await client.get(shown["url"].removeprefix(PUBLIC))).content == GIF
        assert "attached" in await facts(made)

    async def test_files_that_came_another_way_are_shown_too(self, client, open_ticket):
        ticket = await open_ticket()
        path = f"/v1/tickets/{ticket['id']}/attachments"
        await client.post(path, content=GIF, params={"name": "a.gif", "purpose": "evidence"})
        for address in (V4, V5):
            (shown,) = (await client.get(f"{address}/{ticket['id']}")).json()["attachment"]
            assert (shown["name"], shown["attachmentType"]) == ("a.gif", "evidence")

    async def test_a_patch_adds_files_and_changes_what_is_said_of_them(self, create, patch, client, facts):
        made = await create(5, attachment=[LINK, file(name="a.gif", description="一")])
        ours = made["attachment"][1]
        other = file(
            b"%PDF-1.4\n1 0 obj<<>>endobj\nstartxref\n9\n%%EOF\n", mimeType="application/pdf", name="b.pdf"
        )
        found = await patch(made, attachment=[{**ours, "description": "二"}, LINK, other])
        assert [one["name"] for one in found["attachment"]] == ["合同", "a.gif", "b.pdf"]
        assert found["attachment"][1]["description"] == "二"
        again = await patch(found, attachment=[])
        assert [one["name"] for one in again["attachment"]] == ["a.gif", "b.pdf"]
        assert (await facts(made))[-3:] == ["attached", "amended", "amended"]
        await client.delete(ours["href"].removeprefix(PUBLIC))
        left = (await client.get(f"{V4}/{made['id']}")).json()["attachment"]
        assert [one["name"] for one in left] == ["b.pdf"]

    async def test_a_json_patch_adds_one(self, create, patch):
        made = await create(attachment=[LINK])
        operations = [{"op": "add", "path": "/attachment/-", "value": file(name="a.gif")}]
        found = await patch(made, kind="application/json-patch+json", body=operations)
        assert [one["name"] for one in found["attachment"]] == ["合同", "a.gif"]

    @pytest.mark.parametrize(
        ("entry", "status", "code", "pointer"),
        [
            (file(mimeType="image/png"), 400, "attachment_type_mismatch", "/attachment/1"),
            (file(b"<svg onload=x>", mimeType="image/gif"), 400, "attachment_unsafe", "/attachment/1"),
            (file(mimeType="image/svg+xml"), 415, "attachment_type_unsupported", "/attachment/1"),
            (
                {"@type": "Attachment", "content": "no base64!"},
                400,
                "attribute_invalid",
                "/attachment/1/content",
            ),
            ({"@type": "Attachment", "content": "票"}, 400, "attribute_invalid", "/attachment/1/content"),
            ({"@type": "Attachment", "content": "  "}, 400, "attachment_empty", "/attachment/1"),
        ],
    )
    async def test_a_content_that_lies_is_refused_and_changes_nothing(
        self, create, client, runtime, entry, status, code, pointer
    ):
        made = await create()
        document = {"attachment": [file(name="good.gif"), entry]}
        for answer in (
            await client.post(V5, json=complaint(5, **document)),
            await client.patch(f"{V5}/{made['id']}", json=document),
        ):
            assert is_error(answer, status, code)
            assert pointer in answer.json()["message"]
        assert "attachment" not in (await client.get(f"{V5}/{made['id']}")).json()
        assert (await client.get(V5)).headers["x-total-count"] == "1"
        assert not [path for path in runtime.settings.files.rglob("*") if path.is_file()]

    async def test_a_file_itself_cannot_be_changed(self, create, client):
        made = await create(attachment=[file(name="a.gif")])
        (ours,) = made["attachment"]
        for change in ({"name": "b.gif"}, {"content": "R0lG"}, {"url": "http://x.example"}, {"size": None}):
            answer = await client.patch(f"{V5}/{made['id']}", json={"attachment": [{**ours, **change}]})
            assert answer.status_code in {400, 409}, answer.text
        assert (await client.get(f"{V5}/{made['id']}")).json()["attachment"] == [ours]

    async def test_a_retried_creation_attaches_once(self, create, client):
        identifier = {"@type": "ExternalIdentifier", "owner": "crm", "id": "X-1"}
        made = [await create(externalIdentifier=[identifier], attachment=[file()]) for _ in range(2)]
        assert made[0]["id"] == made[1]["id"]
        assert len(made[1]["attachment"]) == 1


class TestErrors:
    async def test_here_every_failure_has_the_forums_form(self, client, client_as):
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
