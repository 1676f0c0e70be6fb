"""Files on the disk: what is damaged there, and what nobody has any more."""

from uuid import UUID

import pytest
from careloop_common import clock
from careloop_common.privacy import Vault
from careloop_common.testing.access import data_keys
from careloop_common.tokens import SYSTEM
from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.attachments.policy.limits import Purpose
from careloop_ticketing.attachments.sealed import CHUNK
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Case
from sqlalchemy import text

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n\nstartxref\n9\n%%EOF\n"
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
LARGE = PDF.replace(b"\nstartxref", bytes(range(256)) * (5 * CHUNK // 512) + b"\nstartxref")
"""Two and a half chunks."""


def problem(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def content_of(ticket, attachment):
    return f"/v1/tickets/{ticket['id']}/attachments/{attachment['id']}/content"


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
