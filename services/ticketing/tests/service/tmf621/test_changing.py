"""A patch, and a status in one, which runs the act that leads there."""

import pytest
from careloop_contracts import TicketAmendedV1, TicketCancelledV1, TicketRejectedV1, TicketReopenedV1

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"


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
    async def test_an_impossible_status_changes_nothing(self, create, client, status, is_error):
        ticket = await create()
        body = {"status": status, "priority": "1", "note": [{"text": "x"}]}
        answer = await client.patch(f"{V4}/{ticket['id']}", json=body)
        assert is_error(answer, 409, "status_impossible")
        same = (await client.get(f"{V5}/{ticket['id']}")).json()
        assert same == ticket

    @pytest.mark.parametrize("status", ["rejected", "cancelled"])
    async def test_an_open_ticket_is_rejected_and_cancelled_for_good(
        self, create, patch, client, status, is_error
    ):
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

    @pytest.mark.parametrize(
        ("status", "kind", "word"),
        [
            ("rejected", TicketRejectedV1, "spam"),
            ("cancelled", TicketCancelledV1, "mistake"),
            ("inProgress", TicketReopenedV1, "dissatisfied"),
        ],
    )
    async def test_no_reason_is_made_up(
        self, create, patch, client, published, worker_running, eventually, status, kind, word
    ):
        said = [None, "客户自己说的话", word]
        for text in said:
            ticket = await create()
            if status == "inProgress":
                await _to(patch, ticket, "resolved")
            reason = {} if text is None else {"statusChangeReason": text}
            shown = await patch(ticket, body={"status": status, **reason})
            assert shown["statusChangeReason"] == (text or "not_stated")
            entry = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
            assert entry["after"]["reason"] == (word if text == word else "not_stated")
        async with worker_running():
            events = await eventually(lambda: _all(published, kind, len(said)))
        assert sorted(event.reason for event in events) == sorted(["not_stated", "not_stated", word])


async def _all(published, kind, many):
    found = [one.data if hasattr(one, "data") else one for one in await published(kind)]
    return found if len(found) == many else None


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

    async def test_others_hear_that_texts_were_corrected(
        self, create, patch, published, worker_running, eventually
    ):
        ticket = await create(5)
        await patch(ticket, priority="High")
        await patch(ticket, description="断了三天")
        async with worker_running():
            (told,) = await eventually(lambda: published(TicketAmendedV1))
        assert (str(told.ticket_id), told.attributes) == (ticket["id"], ("description",))

    async def test_a_patch_answers_with_the_version_that_the_next_one_is_made_of(self, create, client):
        url = f"{V4}/{(await create(4))['id']}"
        tag = (await client.get(url)).headers["etag"]
        for name in ("一", "二"):
            answer = await client.patch(url, json={"name": name}, headers={"if-match": tag})
            assert (answer.status_code, answer.headers["etag"] == tag) == (200, False)
            tag = answer.headers["etag"]
        assert tag == (await client.get(url)).headers["etag"]

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

    async def test_a_json_patch_adds_to_a_list_by_its_name_as_in_the_example_of_the_standard(
        self, create, patch
    ):
        shown = await create()
        for text in ("一", "二"):
            operations = [{"op": "add", "path": "/note", "value": {"@type": "Note", "text": text}}]
            shown = await patch(shown, kind="application/json-patch+json", body=operations)
        assert [one["text"] for one in shown["note"]] == ["一", "二"]

    @pytest.mark.parametrize(
        ("operations", "status", "code"),
        [
            ({}, 400, "patch_invalid"),
            ([{"op": "add", "path": "/note", "value": "x"}], 400, "attribute_invalid"),
            (
                [{"op": "add", "path": "/note", "value": 5}, {"op": "add", "path": "/note", "value": {}}],
                400,
                "patch_invalid",
            ),
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
    async def test_json_patches_that_cannot_be(self, create, client, operations, status, code, is_error):
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
    async def test_attributes_of_the_system_are_refused(self, create, client, body, is_error):
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
    async def test_what_is_settled_stays(self, create, client, body, is_error):
        ticket = await create(4, externalId="one")
        assert is_error(await client.patch(f"{V4}/{ticket['id']}", json=body), 409, "attribute_fixed")

    async def test_an_archived_ticket_takes_no_patch(self, create, patch):
        ticket = await create()
        for status in ("resolved", "closed"):
            await _to(patch, ticket, status)
        refused = await patch(ticket, status=409, body={"priority": "1"})
        assert refused["code"] == "transition_impossible"

    async def test_a_patch_of_another_version_of_the_ticket_is_refused(self, create, client, is_error):
        ticket = await create()
        answer = await client.patch(f"{V5}/{ticket['id']}", json={"name": "x"}, headers={"if-match": '"1"'})
        assert is_error(answer, 412, "version_mismatch")
