import base64

import pytest

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"
PUBLIC = "http://127.0.0.1:8080"
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
        self, create, client, runtime, entry, status, code, pointer, is_error, complaint
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
