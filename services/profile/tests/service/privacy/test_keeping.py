"""What is kept for how long, and files of interactions without who was erased."""

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from careloop_common import clock
from careloop_contracts import CustomerErasedV1
from careloop_profile.interactions import partitions
from careloop_profile.interactions.service import archiving
from careloop_profile.privacy import jobs
from sqlalchemy import text

NOW = clock.now().replace(microsecond=0)


@pytest.fixture
def settings_overrides(tmp_path):
    return {"archive_directory": str(tmp_path), "left_days": 30, "archive_days": 1000}


@pytest.fixture
async def archived(client, register, runtime, tmp_path, worker_running, eventually):
    """Interactions of two customers that have become files; returns the customers."""
    async with runtime.database.transaction() as session:
        await partitions.ensure(session, NOW)
    both = [await register(source="crm", external_id=f"A-{n}") for n in range(2)]
    items = [
        {
            "customer": {"customer_id": one["customer_id"]},
            "channel": "web",
            "kind": "browse",
            "occurred_at": (NOW - timedelta(hours=n)).isoformat(),
            "message_id": f"{one['customer_id']}-{n}",
        }
        for one in both
        for n in range(6)
    ]
    await client.post("/v1/interactions/batch", json={"items": items})

    async def stored():
        async with runtime.database.transaction() as session:
            return await session.scalar(text("SELECT count(*) FROM interaction")) == len(items)

    async with worker_running():
        await eventually(stored)
    more = True
    while more:
        async with runtime.database.transaction() as session:
            later = NOW + timedelta(days=100)
            more = await archiving.archive_next(session, tmp_path, days=90, now=later)
    return both


async def test_files_are_written_anew_without_who_was_erased(
    archived, erase, erasure, runtime, tmp_path, worker_running, eventually, client
):
    gone, stays = (one["customer_id"] for one in archived)
    assert _customers(tmp_path) == {gone, stays}
    async with worker_running():
        request = await erase(gone)

        async def done():
            return (await erasure(request))["state"] == "waiting"

        await eventually(done)
    assert (await erasure(request))["done"]["interaction_archive"] == 6
    assert _customers(tmp_path) == {stays}
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert sum(one["rows"] for one in listed) == 6
    for one in listed:
        async with runtime.database.transaction() as session:
            await archiving.restore(session, tmp_path, one["name"], now=NOW)


async def test_who_left_long_ago_is_forgotten_and_others_are_not(
    runtime, register, published, client, worker_running, eventually
):
    today = clock.now().date()
    long_ago = (today - timedelta(days=31)).isoformat()
    lately = (today - timedelta(days=29)).isoformat()
    gone = await register(status="left", left_on=long_ago)
    kept = [
        await register(status="left", left_on=lately),
        await register(status="active"),
        await register(status="left", left_on=long_ago, source="crm", external_id="A-1"),
        await register(status="active", source="bss", external_id="B-1"),
    ]
    body = {"customer_id": kept[3]["customer_id"], "reason": "came back"}
    merged = await client.post(f"/v1/customers/{kept[2]['customer_id']}/merges", json=body)
    assert merged.status_code == 201, merged.text
    assert not await jobs.forget_left(runtime)
    assert (await client.get(f"/v1/customers/{gone['customer_id']}")).status_code == 404
    for one in kept:
        assert (await client.get(f"/v1/customers/{one['customer_id']}")).status_code == 200
    async with worker_running():

        async def told():
            return await published(CustomerErasedV1)

        [event] = await eventually(told)
    assert str(event.customer_id) == gone["customer_id"]


async def test_files_go_when_their_time_is_over(archived, runtime, tmp_path):
    assert not await jobs.forget_archives(runtime)
    count = len(list(tmp_path.iterdir()))
    async with runtime.database.transaction() as session:
        await session.execute(text("UPDATE interaction_archive SET last = last - 2000"))
    while await jobs.forget_archives(runtime):
        count -= 1
    assert (count, list(tmp_path.iterdir())) == (0, [])


async def test_what_senders_call_personal_is_masked_among_properties(
    client, client_as, register, worker_running, eventually
):
    customer = await register(name="王五")
    item = {
        "customer": {"customer_id": customer["customer_id"]},
        "channel": "web",
        "kind": "browse",
        "occurred_at": NOW.isoformat(),
        "properties": {
            "phone": "13877665544",
            "note": "call +8613877665544",
            "list": [{"姓名": "王五"}],
            "n": 1,
        },
    }
    await client.post("/v1/interactions", json=item)
    path = f"/v1/customers/{customer['customer_id']}/interactions"
    async with worker_running():

        async def stored():
            return (await client.get(path)).json()["items"]

        [shown] = await eventually(stored)
    assert shown["properties"] == {
        "phone": "[masked]",
        "note": "call [phone]",
        "list": [{"姓名": "[masked]"}],
        "n": 1,
    }
    insider = client_as("customers:read", "interactions:read", "customers:personal")
    assert (await insider.get(path)).json()["items"][0]["properties"] == item["properties"]


def _customers(directory):
    return {row["customer_id"] for path in directory.iterdir() for row in pq.read_table(path).to_pylist()}
