"""Days that are long gone become files, and come back."""

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from careloop_common import clock
from careloop_profile.interactions import partitions
from careloop_profile.interactions.errors import ArchiveDamaged, ArchiveNotFound
from careloop_profile.interactions.service import archiving
from sqlalchemy import text

NOW = clock.now().replace(microsecond=0)
LATER = NOW + timedelta(days=100)
ROWS = "SELECT * FROM interaction ORDER BY message_uid"


@pytest.fixture
async def stored(client, register, worker_running, eventually, runtime):
    """Twenty interactions of two days, in partitions; the path of their customer."""
    async with runtime.database.transaction() as session:
        await partitions.ensure(session, NOW)
    customer = await register(source="crm", external_id="A-1")
    items = [
        {
            "customer": {"customer_id": customer["customer_id"]},
            "channel": "web",
            "kind": "payment" if n % 2 else "browse",
            "occurred_at": (NOW + timedelta(hours=n)).isoformat(),
            "message_id": f"m-{n}",
            "amount": 1.5 if n % 2 else None,
            "properties": {"文": f"第{n}\\n"},
        }
        for n in range(20)
    ]
    await client.post("/v1/interactions/batch", json={"items": items})
    async with worker_running():
        await eventually(lambda: _count(runtime, 20))
    return f"/v1/customers/{customer['customer_id']}"


@pytest.fixture
def archive(runtime, tmp_path):
    """`await archive()`: everything that is due a hundred days later with ninety to keep."""

    async def run(now=LATER):
        count = 0
        while True:
            async with runtime.database.transaction() as session:
                if not await archiving.archive_next(session, tmp_path, days=90, now=now):
                    return count
            count += 1

    return run


@pytest.fixture
def restore(runtime, tmp_path):
    async def run(name):
        async with runtime.database.transaction() as session:
            return await archiving.restore(session, tmp_path, name, now=LATER)

    return run


async def test_old_days_become_files_and_the_counters_stay(client, stored, archive, runtime, tmp_path):
    before = await _rows(runtime)
    assert await archive() > 10
    assert await _rows(runtime) == []
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert sum(one["rows"] for one in listed) == 20
    assert {f"{one['name']}.parquet" for one in listed} == {path.name for path in tmp_path.iterdir()}
    kept = [row for path in tmp_path.iterdir() for row in pq.read_table(path).to_pylist()]
    assert sorted((row["message_uid"], row["occurred_at"], row["amount"]) for row in kept) == sorted(
        (str(row.message_uid), row.occurred_at, row.amount) for row in before
    )
    profile = (await client.get(f"{stored}/profile")).json()
    assert (profile["activity"]["interactions"], profile["activity"]["amount"]) == (20, "15.0000")


async def test_days_that_left_are_not_made_again(stored, archive, runtime):
    await archive()
    async with runtime.database.transaction() as session:
        gone = set((await session.scalars(text("SELECT name FROM interaction_archive"))).all())
        await partitions.ensure(session, NOW)
        assert not gone & set(await partitions.existing(session))


async def test_an_archive_comes_back_as_it_was_and_leaves_again(client, stored, archive, restore, runtime):
    before = await _rows(runtime)
    await archive()
    async with runtime.database.transaction() as session:  # one of them comes again, and one is late
        await session.execute(
            text(
                "INSERT INTO interaction SELECT uid, at, customer, 'web', 'browse', NULL, NULL, '{}', at, false "
                "FROM (VALUES (CAST(:one AS uuid), CAST(:at AS timestamptz), CAST(:customer AS uuid)), "
                "(CAST(:two AS uuid), :at, :customer)) AS late(uid, at, customer)"
            ),
            {
                "one": before[0].message_uid,
                "two": "00000000-0000-8000-8000-000000000000",
                "at": before[0].occurred_at,
                "customer": before[0].customer_id,
            },
        )
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    full = [one for one in listed if one["rows"]]
    assert sum([await restore(one["name"]) for one in full]) == 20
    after = await _rows(runtime)
    assert [row for row in after if row.message_uid.int >> 64 != 0x8000] == before
    assert len(after) == 21
    with pytest.raises(ArchiveNotFound):
        await restore(full[0]["name"])
    assert await archive() == 0
    assert await archive(LATER + timedelta(days=31)) == len(full)
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert sum(one["rows"] for one in listed) == 21


async def test_a_file_that_was_changed_does_not_come_back(
    client, stored, archive, restore, tmp_path, runtime
):
    await archive()
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    name = next(one["name"] for one in listed if one["rows"])
    path = tmp_path / f"{name}.parquet"
    for damage in (lambda: path.write_bytes(path.read_bytes()[:-1] + b"x"), path.unlink):
        damage()
        with pytest.raises(ArchiveDamaged):
            await restore(name)
    assert await _rows(runtime) == []


async def _rows(runtime):
    async with runtime.database.transaction() as session:
        return (await session.execute(text(ROWS))).all()


async def _count(runtime, number):
    return len(await _rows(runtime)) == number
