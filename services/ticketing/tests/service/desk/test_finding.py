"""A ticket is found by whatever is known of it now."""

from importlib import import_module

import pytest
from sqlalchemy import text

V5 = "/tmf-api/troubleTicket/v5/troubleTicket"


async def test_notes_and_messages_are_found_and_stay_found(open_ticket, act, listed, client):
    ticket = await open_ticket(subject="账单")
    await act(ticket, "notes", text="客户养了一只鹦鹉")
    await act(ticket, "messages", text="还是没有人打电话")
    await act(ticket, "resolve", note="已赠送流量包")
    for words in ("鹦鹉", "打电话", "流量包", "账单 鹦鹉"):
        assert await listed(q=words) == ["账单"], words
    await client.patch(f"/v1/tickets/{ticket['id']}", json={"subject": "话费"})
    assert await listed(q="鹦鹉 话费") == ["话费"]
    assert await listed(q="账单") == []


async def test_what_another_system_corrects_is_found(client, listed):
    document = {"@type": "TroubleTicket", "name": "宽带故障", "description": "断了", "severity": "Major"}
    made = await client.post(V5, json={**document, "ticketType": "complaint"})
    assert made.status_code == 201, made.text
    patched = await client.patch(
        f"{V5}/{made.json()['id']}",
        json={"name": "网速太慢", "note": [{"@type": "Note", "text": "约了蝴蝶路"}]},
        headers={"content-type": "application/merge-patch+json"},
    )
    assert patched.status_code == 200, patched.text
    assert await listed(q="网速") == await listed(q="蝴蝶") == ["网速太慢"]
    assert await listed(q="宽带") == []


async def test_customers_are_found_by_the_id_of_their_system(
    open_ticket, listed, customer, customer_registered, publish, worker_running, eventually, client
):
    known = await customer(external_id="K-7701")
    await open_ticket(subject="一", customer_id=known)
    await open_ticket(subject="二", customer={"source": "crm", "external_id": "K-7702"})
    later = customer_registered(source="crm", external_id="K-7703")
    await open_ticket(subject="三", customer_id=str(later.customer_id))
    assert await listed(q="k-7701") == ["一"]
    assert await listed(q="K-7702") == ["二"]
    assert await listed(q="K-7703") == []

    async def found():
        return await listed(q="K-7703") == ["三"]

    async with worker_running():
        await publish(later)
        assert await eventually(found)
    moved = (await client.get("/v1/tickets", params={"q": "K-7701"})).json()["items"][0]
    body = {"customer": {"source": "crm", "external_id": "K-7709"}, "reason": "mistaken"}
    assert (await client.patch(f"/v1/tickets/{moved['id']}", json=body)).status_code == 200
    assert await listed(q="K-7701") == []
    assert await listed(q="K-7709") == ["一"]


@pytest.mark.parametrize(
    ("subject", "query"),
    [
        ("網路不通", "网路"),
        ("请回电 139-0012-3456", "13900123456"),
        ("请回电 13900123456", "+86 139 0012 3456"),
        ("Café closed", "cafe"),
    ],
)
async def test_ways_of_writing_make_no_difference(open_ticket, listed, subject, query):
    await open_ticket(subject=subject)
    assert await listed(q=query) == [subject]


@pytest.mark.parametrize("query", ["😀", "👍🏽", "?!,。"])
async def test_signs_find_nothing(open_ticket, listed, query):
    await open_ticket(subject="😀 满意?!,。")
    assert await listed(q=query) == []


async def test_the_migration_gives_the_words_that_a_new_ticket_gets(runtime, open_ticket, act, customer):
    ticket = await open_ticket(subject="網路 café", customer_id=await customer(external_id="K-1"))
    await act(ticket, "notes", text="鹦鹉 139-0012-3456")
    migration = import_module("careloop_ticketing.migrations.versions.0021_desk")
    async with runtime.database.transaction() as session:
        row = (await session.execute(migration._TEXTS, {"after": 0, "batch": 10})).one()
    assert migration._words(row.seq, *row[3:]) == sorted(row.words)


async def test_a_full_entry_is_not_written_again(runtime, open_ticket, act, listed, monkeypatch):
    from careloop_ticketing.search import service as search

    monkeypatch.setattr(search, "FULL", 1)
    ticket = await open_ticket(subject="账单")
    await act(ticket, "notes", text="鹦鹉")
    assert await listed(q="鹦鹉") == []
    async with runtime.database.transaction() as session:
        words = (await session.execute(text("SELECT words FROM search_entry"))).scalar_one()
    assert sorted(words) == ["#0", "账单"]
