"""Lists as files: what a spreadsheet opens, and who took it."""

import csv
import io

import pytest
from careloop_ticketing.exports import service as exports


@pytest.fixture
def export(client):
    async def get(**params):
        answer = await client.get("/v1/ticket-export", params=params)
        assert answer.status_code == 200, answer.text
        return answer

    return get


async def test_a_list_is_a_file_that_excel_opens(open_ticket, export, act):
    await open_ticket(subject='=HYPERLINK("http://x")', channel="web")
    await open_ticket(subject='逗号, "引号"', channel="web")
    await open_ticket(subject="别的")
    answer = await export(channel="web")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="tickets-')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["subject"] for row in rows] == ['逗号, "引号"', '\'=HYPERLINK("http://x")']
    assert tuple(rows[0]) == exports.COLUMNS
    assert (rows[0]["status"], rows[0]["vip"], rows[0]["breached"]) == ("classified", "false", "false")
    assert rows[0]["next_due_at"]


async def test_a_long_list_comes_in_batches_each_ticket_once(open_ticket, export, monkeypatch):
    monkeypatch.setattr(exports, "_BATCH", 2)
    for number in range(5):
        await open_ticket(subject=str(number))
    rows = list(csv.DictReader(io.StringIO((await export()).content.decode("utf-8-sig"))))
    assert [row["subject"] for row in rows] == ["4", "3", "2", "1", "0"]


async def test_it_is_on_record_who_took_what(open_ticket, client_as, client):
    await open_ticket(channel="web")
    chief = client_as("tickets:export", actor_id="chief")
    answer = await chief.get("/v1/ticket-export", params={"channel": "web", "rule": "!vip"})
    (record,) = (await client.get("/v1/ticket-exports")).json()["items"]
    assert record["id"] == answer.headers["x-export-id"]
    assert (record["actor_id"], record["tickets"]) == ("chief", 1)
    assert record["chosen_by"] == {"channel": "web", "rule": "!vip"}


async def test_what_is_too_long_is_refused_and_leaves_no_record(open_ticket, client, monkeypatch):
    monkeypatch.setattr(exports, "MOST", 1)
    for _ in range(2):
        await open_ticket()
    answer = await client.get("/v1/ticket-export")
    assert (answer.status_code, answer.json()["code"]) == (422, "export_too_large")
    assert (await client.get("/v1/ticket-exports")).json()["items"] == []


async def test_to_read_tickets_is_not_to_take_them_out(client_as):
    reader = client_as("tickets:read", "tickets:supervise")
    answer = await reader.get("/v1/ticket-export")
    assert (answer.status_code, answer.json()["scope"]) == (403, "tickets:export")
