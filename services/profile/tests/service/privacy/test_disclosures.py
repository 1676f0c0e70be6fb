"""Whoever sees what is personal leaves an entry that nobody takes away unnoticed."""

import argparse
import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, disclosure
from careloop_common.disclosures_command import VERIFY
from careloop_profile import looking
from careloop_profile.privacy.views import digest
from careloop_profile.tags.queries import buckets
from careloop_profile.tags.service.evaluating import Parts
from sqlalchemy import text

PAYS = "pays_electronic_cheque"
COPIED = "chain, seq + 1, at, actor_id, actor_kind, route, subjects, fields, key_id, hash"


@pytest.fixture
def evaluator(runtime):
    return looking.evaluator(runtime)


@pytest.fixture
def entries(officer):
    async def find(**query):
        answer = await officer.get("/v1/disclosures", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return find


@pytest.fixture
def intact(runtime):
    async def check():
        async with runtime.database.transaction() as session:
            _, broken = await disclosure.verify(session)
        return broken

    return check


async def test_a_read_in_clear_is_written_down_and_a_masked_one_is_not(
    client, client_as, register, planted, entries
):
    customer = await register(**planted)
    path = f"/v1/customers/{customer['customer_id']}"
    assert (await client.get(path)).json()["masked"]
    assert await entries() == []
    clerk = client_as("customers:read", "customers:personal", actor_id="clerk")
    assert (await clerk.get(path)).json()["name"] == planted["name"]
    [entry] = await entries(customer_id=customer["customer_id"])
    assert (entry["actor_id"], entry["route"]) == ("clerk", "GET /v1/customers/{customer_id}")
    assert entry["subjects"] == [customer["customer_id"]]
    assert set(entry["fields"]) == set(planted)


async def test_a_list_in_clear_is_one_entry_with_all_who_are_in_it(client_as, register, planted, entries):
    shown = {(await register(name=name))["customer_id"] for name in ("甲", "乙", "丙")}
    await client_as("customers:read", "customers:personal", actor_id="clerk").get("/v1/customers")
    [entry] = await entries()
    assert (set(entry["subjects"]), entry["fields"]) == (shown, ["name"])


@pytest.mark.parametrize(
    "route", ["", "/profile", "/person", "/overview", "/interactions", "/trajectory", "/tags/{}"]
)
async def test_what_senders_wrote_of_somebody_is_masked_or_written_down(
    client, client_as, register, entries, evaluator, runtime, worker_running, eventually, route
):
    wrote = {"payment_method": "ask 13877665544"}
    key = (await register(status="active", attributes=wrote))["customer_id"]
    item = {
        "customer": {"customer_id": key},
        "channel": "web",
        "kind": "browse",
        "occurred_at": clock.now().isoformat(),
        "properties": wrote,
    }
    await client.post("/v1/interactions", json=item)

    async def stored():
        return (await client.get(f"/v1/customers/{key}/interactions")).json()["items"]

    async with worker_running():
        await eventually(stored)
    async with runtime.database.transaction() as session:
        await evaluator.look(session, [UUID(key)], Parts.BOTH, {"kind": "customer"}, now=clock.now())
    path = f"/v1/customers/{key}{route.format(PAYS)}"
    reads = "customers:read", "interactions:read", "tags:read"
    masked = (await client_as(*reads).get(path)).text
    assert "[phone]" in masked
    assert "13877665544" not in masked
    assert await entries() == []
    assert "13877665544" in (await client_as(*reads, "customers:personal", actor_id="clerk").get(path)).text
    [entry] = await entries(customer_id=key)
    assert entry["actor_id"] == "clerk"


@pytest.mark.parametrize("called", ["13877665544", "ouyang@126.com"])
async def test_what_a_source_calls_somebody_is_masked_or_written_down_where_it_is_an_address(
    client_as, register, entries, called
):
    key = (await register(source="app", external_id=called))["customer_id"]
    for route in (
        f"?external_id={called}",
        *(f"/{key}{one}" for one in ("", "/profile", "/person", "/overview")),
    ):
        masked = await client_as("customers:read").get(f"/v1/customers{route}")
        assert key in masked.text
        assert called not in masked.text
        assert await entries() == []
    clear = client_as("customers:read", "customers:personal", actor_id="clerk")
    assert called in (await clear.get(f"/v1/customers/{key}/person")).text
    assert [entry["fields"] for entry in await entries(customer_id=key)] == [["external_id"]]


async def test_a_request_that_fails_shows_nothing_and_writes_nothing(officer, register, entries):
    await register(name="王五")
    assert (await officer.get("/v1/customers/00000000-0000-0000-0000-000000000001")).status_code == 404
    assert await entries() == []


async def test_entries_page_from_the_latest_to_the_first(officer, register):
    path = f"/v1/customers/{(await register(name='王五'))['customer_id']}"
    for _ in range(5):
        await officer.get(path)
    found, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        body = (await officer.get("/v1/disclosures", params=query)).json()
        found += [one["seq"] for one in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert found == [5, 4, 3, 2, 1]


async def test_many_readers_at_once_write_chains_that_verify(client_as, register, intact, entries):
    path = f"/v1/customers/{(await register(name='王五'))['customer_id']}"
    readers = [client_as("customers:read", "customers:personal", actor_id=f"clerk-{n}") for n in range(6)]
    await asyncio.gather(*(reader.get(path) for reader in readers for _ in range(4)))
    assert await intact() == []
    assert len(await entries()) == 24


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE disclosure SET fields = '{}' WHERE seq = 2",
        "UPDATE disclosure SET actor_id = 'somebody else' WHERE seq = 2",
        "DELETE FROM disclosure WHERE seq = 2",
        "DELETE FROM disclosure WHERE seq = 3",
        "DELETE FROM disclosure",
        "UPDATE disclosure SET key_id = 'another' WHERE seq = 1",
        "DELETE FROM disclosure_head",
        f"INSERT INTO disclosure SELECT {COPIED} FROM disclosure WHERE seq = 3",
    ],
)
async def test_what_was_tampered_with_is_found(officer, register, runtime, intact, statement):
    path = f"/v1/customers/{(await register(name='王五'))['customer_id']}"
    for _ in range(3):
        await officer.get(path)
    assert await intact() == []
    async with runtime.database.transaction() as session:
        await session.execute(text(statement))
    assert await intact() != []
    told = (await officer.get("/v1/disclosures/verification")).json()
    assert not told["intact"]
    assert await VERIFY.run(runtime, argparse.Namespace()) == 1


async def test_an_export_has_everything_in_clear_and_is_written_down(
    client, officer, register, planted, entries
):
    customer = await register(source="crm", external_id="A-1", **planted)
    path = f"/v1/customers/{customer['customer_id']}"
    await client.put(
        f"{path}/consents", json={"items": [{"purpose": "marketing", "channel": "sms", "granted": True}]}
    )
    answer = await officer.post(f"{path}/exports")
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert document["sha256"] == digest(document)
    tables = document["tables"]
    [row] = tables["customer"]
    assert (row["name"], row["address"]) == (planted["name"], planted["address"])
    assert {one["value"] for one in tables["identifier"]} >= {planted["email"], planted["identity_number"]}
    assert len(tables["consent"]) == 1
    assert not any(name.endswith("sealed") for rows in tables.values() for one in rows for name in one)
    assert (await entries())[0]["fields"] == ["export"]
    unknown = await officer.post("/v1/customers/00000000-0000-0000-0000-000000000001/exports")
    assert unknown.status_code == 404
    assert (await client.post("/v1/customers/none/exports")).status_code == 422


async def test_an_export_has_the_counters_with_what_was_not_counted_yet(register, officer, runtime):
    customer = await register(source="crm", external_id="A-1")
    key = UUID(customer["customer_id"])
    news = text("""
        INSERT INTO interaction_news (customer_id, occurred_at, channel, kind, amount)
        VALUES (:id, :at, 'web', 'payment', 0.1), (:id, :at, 'hotline', 'complaint', NULL)
    """)
    now = clock.now()
    async with runtime.database.transaction() as session:
        for days, limit in ((500, 10), (1, 0), (0, None)):
            await session.execute(news, {"id": key, "at": now - timedelta(days=days)})
            if limit is not None:
                await buckets.fold(session, [key], now)
                await buckets.forget(session, now, limit)
    answer = await officer.post(f"/v1/customers/{key}/exports")
    rows = {row["channel"]: row for row in answer.json()["tables"]["customer_activity"]}
    assert {row["customer_id"] for row in rows.values()} == {str(key)}
    shown = ("interactions", "payments", "amount", "complaints")
    assert [str(rows["web"][name]) for name in shown] == ["3", "3", "0.3000", "0"]
    assert [str(rows["hotline"][name]) for name in shown] == ["3", "0", "0.0000", "3"]
    assert rows["web"]["first_at"] < rows["web"]["last_at"]
