import asyncio
import hashlib
import io
import wave
import zipfile

import pytest
from careloop_common import ids
from careloop_ticketing.attachments.policy import limits
from careloop_ticketing.attachments.sealed import CHUNK


def pdf(filling=b""):
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + filling + b"\nstartxref\n9\n%%EOF\n"


PDF = pdf()
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
LARGE = pdf(bytes(range(256)) * (5 * CHUNK // 512))
"""Two and a half chunks."""


def wav():
    held = io.BytesIO()
    with wave.open(held, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\1" * 800)
    return held.getvalue()


def docx():
    held, main = io.BytesIO(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types><Override ContentType="{main}.main+xml"/></Types>')
        archive.writestr("word/document.xml", "<w:document/>")
    return held.getvalue()


def problem(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def content_of(ticket, attachment):
    return f"/v1/tickets/{ticket['id']}/attachments/{attachment['id']}/content"


async def test_a_file_comes_back_as_it_was_sent(client, open_ticket, attached, on_disk, runtime):
    ticket = await open_ticket()
    files = {"发票.pdf": LARGE, "通话.wav": wav(), "合同.docx": docx(), "i.gif": GIF}
    for name, data in files.items():
        made = await attached(ticket, data, name=name, purpose="evidence")
        assert (made["name"], made["size"], made["purpose"]) == (name, len(data), "evidence")
        assert made["sha256"] == hashlib.sha256(data).hexdigest()
        answer = await client.get(content_of(ticket, made))
        assert answer.content == data
        assert answer.headers["content-type"] == made["media_type"]
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["etag"] == f'"{made["sha256"]}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        same = await client.get(f"/v1/tickets/{ticket['id']}/attachments/{made['id']}")
        assert same.json() == made
    assert (
        "filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf"
        in (await client.get(content_of(ticket, (await attached(ticket, PDF, name="发票.pdf"))))).headers[
            "content-disposition"
        ]
    )
    assert len(on_disk()) == 5
    sealed = b"".join(path.read_bytes() for path in runtime.settings.files.rglob("*") if path.is_file())
    assert bytes(range(256)) not in sealed
    assert b"%PDF" not in sealed


async def test_the_history_tells_what_it_was_and_never_its_name(client, open_ticket, attached):
    ticket = await open_ticket()
    made = await attached(ticket, name="张小明身份证.pdf", purpose="invoice")
    gone = await client.delete(f"/v1/tickets/{ticket['id']}/attachments/{made['id']}")
    assert (gone.status_code, gone.headers["etag"]) == (204, f'"{ticket["version"] + 2}"')
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-2:]
    said = {
        "attachment_id": made["id"],
        "media_type": "application/pdf",
        "size": len(PDF),
        "sha256": made["sha256"],
        "purpose": "invoice",
    }
    assert [(one["fact"], one["before"], one["after"]) for one in history] == [
        ("attached", {}, said),
        ("detached", said, {}),
    ]
    assert (await client.get(f"/v1/tickets/{ticket['id']}/history/verification")).json()["intact"]


@pytest.mark.parametrize(
    ("headers", "query", "name"),
    [
        ({"content-disposition": "attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf"}, {}, "发票.pdf"),
        ({"content-disposition": 'attachment; filename="发票.pdf"'.encode()}, {}, "发票.pdf"),
        ({"content-disposition": "attachment; filename=x.pdf"}, {"name": "y.pdf"}, "y.pdf"),
        ({}, {"name": "../../\u202efdp.exe"}, "fdp.exe.pdf"),
        ({}, {"name": "C:\\tmp\\a\0b.pdf"}, "ab.pdf"),
        ({}, {}, "attachment.pdf"),
    ],
)
async def test_a_name_is_data_and_never_a_path(open_ticket, attached, listed, headers, query, name):
    ticket = await open_ticket()
    assert (await attached(ticket, headers=headers, **query))["name"] == name
    assert await listed(ticket) == [name]


async def test_who_has_the_file_is_not_sent_it_again(client, open_ticket, attached):
    ticket = await open_ticket()
    path = content_of(ticket, made := await attached(ticket, PDF))
    tag = f'"{made["sha256"]}"'
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = await client.get(path, headers={"if-none-match": given})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    for given in ('"x"', made["sha256"], ""):
        assert (await client.get(path, headers={"if-none-match": given})).content == PDF


async def test_head_says_what_the_file_is_without_it(client, open_ticket, attached):
    ticket = await open_ticket()
    path = content_of(ticket, await attached(ticket, PDF))
    whole, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "content-disposition", "etag"):
        assert head.headers[name] == whole.headers[name]
    assert (await client.head(path.replace(ticket["id"], str(ids.new_id())))).status_code == 404


@pytest.mark.parametrize(
    ("content", "claimed", "status", "code"),
    [
        (PDF, "image/png", 422, "attachment_type_mismatch"),
        (b"MZ\x90\0" + bytes(60), "application/pdf", 422, "attachment_unsafe"),
        (b"<html><script>", "text/plain", 422, "attachment_unsafe"),
        (b"<svg onload=x>", None, 422, "attachment_unsafe"),
        (GIF + docx(), "image/gif", 422, "attachment_unsafe"),
        (GIF, "image/svg+xml", 415, "attachment_type_unsupported"),
        (b"Rar!\x1a\x07\x01\0", "application/octet-stream", 415, "attachment_type_unsupported"),
        (b'{"a": 1}', "application/json", 415, "attachment_type_unsupported"),
        (b"", "image/png", 422, "attachment_empty"),
    ],
)
async def test_a_file_that_lies_is_refused_and_nothing_of_it_stays(
    client, open_ticket, upload, on_disk, facts, content, claimed, status, code
):
    ticket = await open_ticket()
    before = await facts(ticket)
    headers = {"content-type": claimed} if claimed else {}
    problem(await upload(ticket, content, headers=headers), status, code)
    assert on_disk() == []
    assert await facts(ticket) == before
    assert (await client.get(f"/v1/tickets/{ticket['id']}/attachments")).json() == {"items": []}


async def test_text_is_given_out_in_its_own_encoding(client, open_ticket, attached):
    ticket, said = await open_ticket(), "话费清单,金额\n一月,58.00\n"
    for encoding in ("utf-8", "gb18030"):
        data = said.encode(encoding)
        made = await attached(ticket, data, name="清单.csv", headers={"content-type": "text/csv"})
        answer = await client.get(content_of(ticket, made))
        assert answer.headers["content-type"] == f"text/csv; charset={encoding}"
        assert answer.text == said


class TestSize:
    async def test_more_than_the_limit_is_refused_before_it_is_read(self, client, open_ticket, on_disk):
        path = f"/v1/tickets/{(await open_ticket())['id']}/attachments"
        taken = 0

        async def endless():
            nonlocal taken
            yield b"%PDF-1.7\n"
            while True:
                taken += 1
                yield bytes(1 << 20)

        problem(await client.post(path, content=endless()), 413, "body_too_large")
        assert taken <= limits.LARGEST / (1 << 20) + 1
        declared = {"content-length": str(limits.LARGEST + 1)}
        taken = 0
        problem(await client.post(path, content=endless(), headers=declared), 413, "body_too_large")
        assert taken <= 1
        assert on_disk() == []

    async def test_the_largest_file_is_taken(self, client, open_ticket, attached):
        ticket = await open_ticket()
        data = pdf(bytes(limits.LARGEST - len(PDF)))
        made = await attached(ticket, data)
        assert (
            hashlib.sha256((await client.get(content_of(ticket, made))).content).hexdigest() == made["sha256"]
        )

    async def test_a_ticket_has_so_many_and_no_more(self, open_ticket, attached, upload, monkeypatch):
        monkeypatch.setattr(limits, "MOST", 2)
        monkeypatch.setattr(limits, "MOST_BYTES", 3 * len(PDF))
        full, heavy = await open_ticket(), await open_ticket()
        for data in (PDF, GIF):
            await attached(full, data)
        assert problem(await upload(full, wav()), 409, "too_many_attachments")["limit"] == 2
        await attached(heavy)
        problem(await upload(heavy, wav()), 409, "too_many_attachments")

    async def test_other_routes_have_the_limit_that_they_had(self, client, open_ticket):
        path = f"/v1/tickets/{(await open_ticket())['id']}/notes"
        problem(await client.post(path, json={"text": "x" * (1 << 20)}), 413, "body_too_large")


async def test_the_same_file_twice_is_one(client, open_ticket, upload, attached, on_disk):
    ticket, other = await open_ticket(), await open_ticket()
    first = await attached(ticket, name="a.pdf")
    key = {"idempotency-key": "k-1", "content-type": "application/json"}
    problem(await upload(ticket, PDF, headers=key), 415, "attachment_type_unsupported")
    again = await upload(ticket, PDF, name="b.pdf", headers={"idempotency-key": "k-1"})
    assert (again.status_code, again.json()) == (200, first)
    assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["version"] == ticket["version"] + 1
    assert (await attached(other))["id"] != first["id"]
    assert len(on_disk()) == 2


async def test_of_many_who_send_the_same_at_once_one_adds_it(open_ticket, upload, listed, on_disk):
    ticket = await open_ticket()
    answers = await asyncio.gather(*(upload(ticket, LARGE, name=f"{n}.pdf") for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await listed(ticket)) == len(on_disk()) == 1


async def test_if_match_holds_for_files(client, open_ticket, upload, attached):
    ticket = await open_ticket()
    old = {"if-match": '"1"'}
    await attached(ticket, headers={"if-match": f'"{ticket["version"]}"'})
    problem(await upload(ticket, GIF, headers=old), 412, "version_mismatch")
    made = await attached(ticket, wav())
    path = f"/v1/tickets/{ticket['id']}/attachments/{made['id']}"
    problem(await client.delete(path, headers=old), 412, "version_mismatch")


async def test_an_archived_ticket_takes_no_more_and_gives_up_what_should_not_be_there(
    client, open_ticket, act, attached, upload, listed
):
    ticket = await open_ticket()
    made = await attached(ticket)
    await act(ticket, "resolve")
    await attached(ticket, GIF)
    await act(ticket, "satisfaction", reply="很好")
    problem(await upload(ticket, wav()), 409, "transition_impossible")
    assert (await upload(ticket, PDF)).status_code == 200
    assert (await client.get(content_of(ticket, made))).status_code == 200
    assert (await client.delete(f"/v1/tickets/{ticket['id']}/attachments/{made['id']}")).status_code == 204
    assert await listed(ticket) == ["attachment.gif"]


async def test_files_of_a_merged_ticket_are_shown_where_it_went(
    client, open_ticket, act, attached, upload, listed
):
    ticket, into = await open_ticket(), await open_ticket()
    made = await attached(ticket, name="a.pdf")
    await attached(into, GIF, name="b.gif")
    await act(ticket, "merge", into=into["id"])
    assert await listed(into) == ["a.pdf", "b.gif"]
    assert (await client.get(content_of(into, made))).content == PDF
    assert (await client.get(f"/v1/tickets/{into['id']}/attachments/{made['id']}")).json()[
        "ticket_id"
    ] == ticket["id"]
    problem(await upload(ticket, wav()), 409, "transition_impossible")
    problem(
        await client.delete(f"/v1/tickets/{into['id']}/attachments/{made['id']}"), 404, "attachment_not_found"
    )
    await act(ticket, "unmerge")
    assert await listed(into) == ["b.gif"]
    problem(await client.get(content_of(into, made)), 404, "attachment_not_found")


async def test_what_is_not_there_is_not_found(client, client_as, open_ticket, attached, upload):
    ticket, nobody = await open_ticket(), {"id": str(ids.new_id())}
    made = await attached(ticket)
    problem(await upload(nobody, PDF), 404, "ticket_not_found")
    problem(await client.get(f"/v1/tickets/{nobody['id']}/attachments"), 404, "ticket_not_found")
    problem(await client.get(content_of(nobody, made)), 404, "ticket_not_found")
    problem(await client.get(content_of(ticket, nobody)), 404, "attachment_not_found")
    problem(await client.get(content_of(await open_ticket(), made)), 404, "attachment_not_found")
    problem(await upload({"id": "x"}, PDF), 422, "validation_failed")
    problem(await upload(ticket, PDF, purpose="fun"), 422, "validation_failed")
    agent = client_as("tickets:read", "tickets:write")
    problem(await agent.delete(f"/v1/tickets/{ticket['id']}/attachments/{made['id']}"), 403, "scope_missing")
    problem(await upload(ticket, GIF, by=client_as("tickets:read")), 403, "scope_missing")
