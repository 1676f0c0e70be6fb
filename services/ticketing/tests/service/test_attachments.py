import asyncio
import hashlib
import io
import wave
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_common.privacy import Vault
from careloop_common.testing.access import data_keys
from careloop_common.tokens import SYSTEM
from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.attachments.policy import limits
from careloop_ticketing.attachments.policy.limits import Purpose
from careloop_ticketing.attachments.sealed import CHUNK
from careloop_ticketing.attachments.store import Store
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Case
from sqlalchemy import text


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


@pytest.fixture
def upload(client):
    """`await upload(ticket, PDF, name="发票.pdf")` gives the answer."""

    async def post(ticket, content, by=client, headers=(), **query):
        path = f"/v1/tickets/{ticket['id']}/attachments"
        return await by.post(path, content=content, params=query, headers=dict(headers))

    return post


@pytest.fixture
def attached(upload):
    async def one(ticket, content=PDF, **given):
        answer = await upload(ticket, content, **given)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return one


@pytest.fixture
def listed(client):
    async def names(ticket):
        answer = await client.get(f"/v1/tickets/{ticket['id']}/attachments")
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    return names


@pytest.fixture
def store(runtime):
    return Store.of(runtime)


@pytest.fixture
def on_disk(runtime):
    def names():
        return sorted(path.name for path in runtime.settings.files.rglob("*") if path.is_file())

    return names


@pytest.fixture
def sweep(runtime, store):
    async def later(**passed):
        async with runtime.database.transaction() as session:
            return await attachments.sweep(session, store, now=clock.now() + timedelta(**passed))

    return later


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


class TestWhatIsOnDisk:
    async def test_a_file_that_was_tampered_with_is_a_problem_and_no_half_answer(
        self, client, open_ticket, attached, store, caplog
    ):
        ticket = await open_ticket()
        made = await attached(ticket, LARGE, name="身份证.pdf")
        path = store.path(UUID(made["id"]))
        good = path.read_bytes()
        swapped = good[:4] + good[CHUNK + 20 : 2 * CHUNK + 36] + good[4 : CHUNK + 20] + good[2 * CHUNK + 36 :]
        for damaged in (good[:-1], good[:-1] + b"\0", good + b"\0", swapped, good[: CHUNK + 20], b""):
            path.write_bytes(damaged)
            body = problem(await client.get(content_of(ticket, made)), 500, "attachment_unreadable")
            assert "身份证" not in str(body)
        path.unlink()
        problem(await client.get(content_of(ticket, made)), 500, "attachment_unreadable")
        assert "attachment.unreadable" in caplog.text
        assert "身份证" not in caplog.text

    async def test_a_file_opens_for_no_other_attachment_and_under_no_other_ring(
        self, client, runtime, open_ticket, attached, store
    ):
        ticket = await open_ticket()
        one, other = await attached(ticket, PDF), await attached(ticket, GIF)
        async with runtime.database.transaction() as session:
            move = "UPDATE ticket_attachment SET key = (SELECT key FROM ticket_attachment WHERE id = :a) WHERE id = :b"
            await session.execute(text(move), {"a": one["id"], "b": other["id"]})
        problem(await client.get(content_of(ticket, other)), 500, "attachment_unreadable")
        assert (await client.get(content_of(ticket, one))).content == PDF
        runtime.vault = Vault(data_keys())
        problem(await client.get(content_of(ticket, one)), 500, "attachment_unreadable")

    async def test_a_disk_that_takes_nothing_is_a_problem(self, runtime, open_ticket, upload, facts):
        ticket = await open_ticket()
        runtime.settings.files.write_text("no directory")
        problem(await upload(ticket, PDF), 503, "service_unavailable")
        assert "attached" not in await facts(ticket)


class TestSweeping:
    async def test_a_detached_file_is_unreadable_at_once_and_gone_later(
        self, client, open_ticket, attached, on_disk, sweep
    ):
        ticket = await open_ticket()
        made, kept = await attached(ticket), await attached(ticket, GIF)
        await client.delete(f"/v1/tickets/{ticket['id']}/attachments/{made['id']}")
        problem(await client.get(content_of(ticket, made)), 404, "attachment_not_found")
        await sweep(minutes=59)
        assert len(on_disk()) == 2
        await sweep(minutes=61)
        assert on_disk() == [kept["id"]]
        assert (await client.get(content_of(ticket, kept))).content == GIF
        assert (await attached(ticket))["id"] != made["id"]

    async def test_what_a_process_leaves_that_dies_before_the_commit_is_swept(
        self, runtime, session, store, open_ticket, on_disk, sweep, facts
    ):
        ticket = await open_ticket()

        async def parts():
            yield PDF

        async with attachments.receiving(runtime, parts(), claimed=None, now=clock.now()) as arrived:
            row = await tickets.lock(session, UUID(ticket["id"]))
            case = Case(session, row, await sla.of(session, row.id), SYSTEM, clock.now())
            await attachments.attach(case, arrived, name=None, purpose=Purpose.OTHER)
            await session.flush()
        await session.rollback()
        assert on_disk() == [str(arrived.id)]
        assert "attached" not in await facts(ticket)
        await sweep(minutes=61)
        assert on_disk() == []

    async def test_a_file_that_is_being_attached_is_not_swept_nor_a_swept_one_attached(
        self, runtime, session, store, open_ticket, on_disk, sweep
    ):
        ticket = await open_ticket()

        async def parts():
            yield PDF

        async def attach(arrived):
            row = await tickets.lock(session, UUID(ticket["id"]))
            case = Case(session, row, await sla.of(session, row.id), SYSTEM, clock.now())
            return await attachments.attach(case, arrived, name=None, purpose=Purpose.OTHER)

        receiving = attachments.receiving
        async with receiving(runtime, parts(), claimed=None, now=clock.now()) as arrived:
            await attach(arrived)
            await sweep(hours=2)
            assert on_disk() == [str(arrived.id)]
            await session.rollback()
        async with receiving(runtime, parts(), claimed=None, now=clock.now()) as late:
            await sweep(hours=2)
            with pytest.raises(Exception, match="too long"):
                await attach(late)
        assert on_disk() == []

    async def test_the_worker_sweeps(
        self, client, runtime, open_ticket, attached, on_disk, worker_running, eventually
    ):
        ticket = await open_ticket()
        made = await attached(ticket)
        await client.delete(f"/v1/tickets/{ticket['id']}/attachments/{made['id']}")
        async with runtime.database.transaction() as session:
            await session.execute(text("UPDATE ticket_loose_file SET since = since - interval '2 hours'"))
        async with worker_running():
            await eventually(lambda: on_disk() == [])

    async def test_a_client_that_hangs_up_leaves_nothing(
        self, app, signer, open_ticket, on_disk, sweep, facts
    ):
        ticket = await open_ticket()
        messages = iter(
            [{"type": "http.request", "body": PDF, "more_body": True}, {"type": "http.disconnect"}]
        )

        async def receive():
            return next(messages)

        async def send(message):
            pass

        headers = {"authorization": f"Bearer {signer.token(['tickets:write'])}"}
        scope = {
            "type": "http",
            "method": "POST",
            "path": f"/v1/tickets/{ticket['id']}/attachments",
            "raw_path": b"",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await app(scope, receive, send)
        assert on_disk() == []
        assert "attached" not in await facts(ticket)
