import asyncio
from pathlib import Path

import pytest
from careloop_common import ids
from careloop_ticketing.mail.models import InboundMailRow
from sqlalchemy import select

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n\nstartxref\n9\n%%EOF\n"


def problem(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def count(client):
    return len((await client.get("/v1/tickets", params={"limit": 100})).json()["items"])


async def test_a_message_opens_a_ticket_that_says_what_it_says(taken, shown):
    found = await taken()
    assert (found["outcome"], found["reason"], found["refused"]) == ("opened", None, [])
    assert found["acknowledge"]
    assert found["number"] in found["acknowledgement"]
    ticket = await shown(found)
    assert (ticket["subject"], ticket["description"]) == ("话费不对", "这个月多收了二十元。")
    assert (ticket["channel"], ticket["source"], ticket["kind"]) == ("email", "email", "complaint")
    assert (ticket["language"], ticket["customer_id"]) == ("zh", None)


async def test_whoever_hands_it_over_may_say_whose_it_is_and_of_what_kind(taken, shown):
    customer = str(ids.new_id())
    query = {"customer_id": customer, "kind": "inquiry", "language": "en"}
    ticket = await shown(await taken(query=query))
    assert (ticket["customer_id"], ticket["kind"], ticket["language"]) == (customer, "inquiry", "en")


@pytest.mark.parametrize(
    "query",
    [
        {"customer_source": "crm"},
        {"customer_external_id": "77"},
        {"customer_id": str(ids.new_id()), "customer_source": "crm", "customer_external_id": "77"},
    ],
)
async def test_a_customer_is_named_in_one_way(deliver, message, client, query):
    problem(await deliver(message(), **query), 422, "customer_named_twice")
    assert await count(client) == 0


async def test_a_customer_named_by_reference_is_linked_when_profile_tells(
    taken, shown, publish, customer_registered, worker_running, eventually
):
    event = customer_registered(external_id="77")
    found = await taken(query={"customer_source": "crm", "customer_external_id": "77"})

    async def linked():
        return (await shown(found))["customer_id"] == str(event.customer_id)

    async with worker_running():
        await publish(event)
        await eventually(linked)


@pytest.mark.parametrize("message_id", ["<1.abc@example.com>", None])
async def test_a_message_that_is_delivered_twice_is_one_ticket(deliver, message, client, message_id):
    data = message(message_id=message_id, Date="Mon, 02 Mar 2026 09:00:00 +0800")
    first, again = await deliver(data), await deliver(b"Received: by another way; x\r\n" + data)
    assert (first.status_code, again.status_code) == (201, 200)
    same = ("ticket_id", "number", "reason", "thread", "sender", "refused")
    assert [first.json()[name] for name in same] == [again.json()[name] for name in same]
    assert (again.json()["outcome"], again.json()["acknowledge"]) == ("known", False)
    assert await count(client) == 1


async def test_a_message_that_is_delivered_many_times_at_once_is_one_ticket(deliver, message, client):
    data = message(message_id="<1@example.com>", files=[("a.pdf", "application/pdf", PDF)])
    answers = await asyncio.gather(*(deliver(data) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    assert await count(client) == 1


async def test_an_answer_that_is_delivered_many_times_at_once_is_heard_once(deliver, message, taken, notes):
    first = await taken(message_id="<1@example.com>")
    data = message(text="还没有回复", answers="<1@example.com>", message_id="<2@example.com>")
    answers = await asyncio.gather(*(deliver(data) for _ in range(6)))
    assert sorted(answer.json()["outcome"] for answer in answers) == ["added"] + ["known"] * 5
    assert await notes(first) == [("customer", "还没有回复")]


async def test_the_id_of_another_message_does_not_make_one_known(taken):
    first = await taken(message_id="<1@example.com>")
    other = await taken(message_id="<1@example.com>", sender="eve@example.net")
    assert other["outcome"] == "opened"
    assert other["ticket_id"] != first["ticket_id"]


async def test_who_wrote_is_sealed_and_shown_masked(taken, client, session):
    found = await taken(sender="Wei Zhang <Zhang.Wei@Example.com>")
    assert found["sender"] == "z***@example.com"
    thread = (await client.get(f"/v1/tickets/{found['ticket_id']}/mail-thread")).json()
    assert thread == {"thread": found["thread"], "correspondents": ["z***@example.com"]}
    row = (await session.scalars(select(InboundMailRow))).one()
    assert "example" not in str(row.model_dump())


async def test_neither_history_nor_events_nor_logs_say_who_wrote_what(
    taken, client, published, worker_running, eventually, caplog
):
    from careloop_contracts import TicketOpenedV1

    caplog.set_level("DEBUG", "careloop_ticketing")
    found = await taken("请联系我", text="秘密", sender="wei@example.com")
    history = (await client.get(f"/v1/tickets/{found['ticket_id']}/history")).text
    async with worker_running():
        await eventually(lambda: published(TicketOpenedV1))
        events = str(await published(TicketOpenedV1))
    for text in (history, events, caplog.text):
        assert "wei@" not in text
        assert "秘密" not in text


async def test_files_are_kept_and_those_that_are_refused_are_noted(taken, client, notes):
    files = [
        ("发票.pdf", "application/pdf", PDF),
        ("photo.png", "image/png", PDF),
        ("invite.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
        ("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22" + bytes(20)),
        ("empty.pdf", "application/pdf", b""),
        ("setup.txt", "text/plain", b"@echo off\r\ndel *\r\n"),
    ]
    found = await taken(files=files)
    refused = [
        {"name": "photo.png", "code": "attachment_type_mismatch"},
        {"name": "invite.ics", "code": "attachment_type_unsupported"},
        {"name": "winmail.dat", "code": "attachment_type_unsupported"},
        {"name": "empty.pdf", "code": "attachment_empty"},
        {"name": "setup.txt", "code": "attachment_unsafe"},
    ]
    assert (found["outcome"], found["refused"]) == ("opened", refused)
    items = (await client.get(f"/v1/tickets/{found['ticket_id']}/attachments")).json()["items"]
    assert [item["name"] for item in items] == ["发票.pdf"]
    [(about, text)] = await notes(found)
    assert about == "note"
    assert text.split("\n")[1:] == [f"{one['name']} ({one['code']})" for one in refused]


async def test_more_files_than_a_ticket_has_room_for_do_not_lose_the_message(taken, client):
    found = await taken(files=[(f"{n}.txt", "text/plain", b"text %d" % n) for n in range(53)])
    items = (await client.get(f"/v1/tickets/{found['ticket_id']}/attachments")).json()["items"]
    assert len(items) == 50
    assert [one["code"] for one in found["refused"]] == ["too_many_attachments"] * 3


async def test_a_disk_that_takes_no_files_leaves_the_message_with_whoever_has_it(
    deliver, message, client, runtime
):
    data = message(files=[("a.pdf", "application/pdf", PDF)])
    runtime.settings.files.write_text("no directory")
    problem(await deliver(data), 503, "service_unavailable")
    assert await count(client) == 0
    runtime.settings.files.unlink()
    assert (await deliver(data)).status_code == 201


@pytest.mark.parametrize("body", [b"", b"\r\n\r\n", b"hello\n\nworld", b"\x00\xff" * 500, b"{}"])
async def test_what_is_no_message_is_refused_and_nothing_is_kept(deliver, client, session, body):
    problem(await deliver(body), 422, "mail_unreadable")
    assert await count(client) == 0
    assert (await session.scalars(select(InboundMailRow))).all() == []


async def test_a_message_comes_under_its_own_type_and_is_bounded(client, deliver, message):
    for media_type in ("application/json", "text/plain", ""):
        answer = await client.post(
            "/v1/inbound-mail", content=message(), headers={"content-type": media_type}
        )
        problem(answer, 415, "media_type_not_supported")
    problem(await deliver(message() + bytes(20 << 20)), 413, "body_too_large")

    async def endless():
        for _ in range(21):
            yield bytes(1 << 20)

    problem(await deliver(endless()), 413, "body_too_large")
    assert await count(client) == 0


async def test_every_message_that_we_have_an_example_of_is_taken_in(deliver):
    mails = sorted((Path(__file__).parents[2] / "unit" / "mail" / "mails").glob("*.eml"))
    for path in mails:
        answer = await deliver(path.read_bytes())
        assert (path.name, answer.status_code) in {(path.name, 200), (path.name, 201)}, answer.text
    assert len(mails) > 10


async def test_files_of_what_opens_nothing_are_not_kept(deliver, message, on_disk):
    data = message(files=[("a.pdf", "application/pdf", PDF)])
    await deliver(data)
    assert len(on_disk()) == 1
    await deliver(data)
    ignored = message(files=[("b.pdf", "application/pdf", PDF + b"\n")], Precedence="bulk")
    assert (await deliver(ignored)).json()["outcome"] == "ignored"
    assert len(on_disk()) == 1


async def test_reading_needs_a_scope_and_writing_another(client_as, deliver, message, taken):
    problem(await deliver(message(), by=client_as("tickets:read")), 403, "scope_missing")
    found = await taken()
    path = f"/v1/tickets/{found['ticket_id']}/mail-thread"
    problem(await client_as("tickets:write").get(path), 403, "scope_missing")
    problem(
        await client_as("tickets:read").get(f"/v1/tickets/{ids.new_id()}/mail-thread"),
        404,
        "ticket_not_found",
    )


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("", "第一行\n第二行", "第一行"),
        ("\u200b\u200b", "", "E-mail"),
        ("长" * 400, "", "长" * 296 + " […]"),
    ],
)
async def test_a_ticket_has_a_subject_whatever_the_message_has(taken, shown, subject, text, expected):
    assert (await shown(await taken(subject, text=text)))["subject"] == expected


async def test_a_long_text_is_cut_with_a_mark(taken, shown):
    ticket = await shown(await taken(text="字" * 30_000))
    assert len(ticket["description"]) == 20_000
    assert ticket["description"].endswith("\n[…]")
