"""What no partition has becomes files, too, and what nobody became known for is deleted."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyarrow.parquet as pq
import pytest
from careloop_common import clock, ids
from careloop_profile.interactions import jobs, partitions
from careloop_profile.interactions.policy import Row, microseconds
from careloop_profile.interactions.service import archiving, recording, straying
from careloop_profile.interactions.wire import Envelope
from sqlalchemy import text

NOW = clock.now().replace(microsecond=0)
LONG_AGO = datetime(2025, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def settings_overrides(tmp_path):
    return {"archive_directory": str(tmp_path), "interaction_days": 90}


@pytest.fixture
async def customer(register):
    return UUID((await register(source="crm", external_id="A-1"))["customer_id"])


@pytest.fixture
def happen(runtime):
    """`await happen(customer, moment, …)`: interactions are stored, as from the stream; returns their ids."""
    known = recording.KnownCustomers()

    async def store(customer, *moments, uids=None):
        uids = uids or [ids.new_id().hex for _ in moments]
        rows = [
            Row(uid, str(customer), "", "", "web", "browse", str(microseconds(at)), "f", "", "1.5", '{"n":1}')
            for uid, at in zip(uids, moments, strict=True)
        ]
        received = min([*moments, NOW])
        envelope = Envelope(microseconds(received), len(rows), list(map("\n".join, zip(*rows, strict=True))))
        async with runtime.database.transaction() as session:
            await recording.record(session, [envelope], known, now=NOW)
        return uids

    return store


@pytest.fixture
def archive(runtime, tmp_path):
    """`await archive()`: all that is in no partition and due; returns in how many steps."""

    async def run(most=100_000):
        steps, more = -1, True
        while more:
            async with runtime.database.transaction() as session:
                more = await straying.archive_next(session, tmp_path, days=90, now=NOW, most=most)
            steps += 1
        return steps

    return run


@pytest.fixture
def rows(runtime):
    async def read(table="interaction"):
        async with runtime.database.transaction() as session:
            found = await session.execute(text(f"SELECT * FROM {table} ORDER BY message_uid"))
            return found.all()

    return read


@pytest.fixture
def restore(runtime, tmp_path):
    async def run(name):
        async with runtime.database.transaction() as session:
            return await archiving.restore(session, tmp_path, name, now=NOW)

    return run


async def test_days_without_a_partition_become_files_and_come_back_as_they_were(
    customer, happen, archive, rows, restore, client, tmp_path
):
    hours = [LONG_AGO + timedelta(hours=7 * n) for n in range(12)]
    await happen(customer, *hours, NOW)
    before = await rows()
    assert await archive(most=2) > 4
    assert [row.occurred_at for row in await rows()] == [NOW]
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert [one["name"] for one in listed] == [f"interaction_p2025030{n}" for n in (4, 3, 2, 1)]
    assert sum(one["rows"] for one in listed) == 12
    assert {f"{one['name']}.parquet" for one in listed} == {path.name for path in tmp_path.iterdir()}
    assert sum([await restore(one["name"]) for one in listed]) == 12
    assert await rows() == before


async def test_what_is_late_for_a_file_is_written_into_it_once(
    customer, happen, archive, rows, restore, client, register
):
    other = UUID((await register(source="crm", external_id="A-2"))["customer_id"])
    again, _ = await happen(customer, LONG_AGO, LONG_AGO + timedelta(hours=1))
    await archive()
    await happen(customer, LONG_AGO, uids=[again])
    await archive()
    await happen(other, LONG_AGO, LONG_AGO + timedelta(hours=2))
    await archive()
    assert await rows() == []
    [listed] = (await client.get("/v1/interaction-archives")).json()["items"]
    assert listed["rows"] == 4
    assert await restore(listed["name"]) == 4
    assert {row.customer_id for row in await rows()} == {customer, other}


async def test_who_is_stopped_after_a_file_was_written_loses_nothing(
    customer, happen, archive, rows, restore, runtime, tmp_path
):
    await happen(customer, LONG_AGO)
    await archive()
    await happen(customer, LONG_AGO + timedelta(hours=1), LONG_AGO + timedelta(hours=2))
    async with runtime.database.transaction() as session:
        assert await straying.archive_next(session, tmp_path, days=90, now=NOW)
        await session.rollback()
    assert len(await rows()) == 2
    await archive()
    assert await rows() == []
    assert await restore("interaction_p20250301") == 3


async def test_whoever_is_erased_while_somebody_was_stopped_is_in_no_file(
    customer, happen, archive, rows, restore, runtime, tmp_path
):
    await happen(customer, LONG_AGO)
    async with runtime.database.transaction() as session:
        assert await straying.archive_next(session, tmp_path, days=90, now=NOW)
    async with runtime.database.transaction() as session:
        assert await straying.archive_next(session, tmp_path, days=90, now=NOW)
        await session.rollback()
    assert _held(tmp_path) == [str(customer)]
    async with runtime.database.transaction() as session:
        await session.execute(text("DELETE FROM interaction"))
        assert (name := await archiving.next_after(session, ""))
        assert await archiving.forget(session, tmp_path, name, [customer]) == 1
    assert _held(tmp_path) == []
    assert await restore(name) == 0


async def test_forgetting_that_was_stopped_leaves_a_file_that_comes_back(
    customer, happen, archive, restore, runtime, tmp_path, register
):
    other = UUID((await register(source="crm", external_id="A-2"))["customer_id"])
    await happen(customer, LONG_AGO)
    await happen(other, LONG_AGO)
    await archive()
    async with runtime.database.transaction() as session:
        assert await archiving.forget(session, tmp_path, "interaction_p20250301", [other]) == 1
        await session.rollback()
    async with runtime.database.transaction() as session:
        assert await archiving.forget(session, tmp_path, "interaction_p20250301", [other]) == 0
    assert await restore("interaction_p20250301") == 1


async def test_a_file_that_is_not_there_keeps_the_other_days_from_nothing(
    customer, happen, archive, rows, tmp_path
):
    await happen(customer, LONG_AGO)
    await archive()
    [path] = tmp_path.iterdir()
    path.rename(tmp_path / "elsewhere")
    await happen(customer, LONG_AGO, LONG_AGO + timedelta(days=1))
    await archive()
    assert [row.occurred_at for row in await rows()] == [LONG_AGO]
    (tmp_path / "elsewhere").rename(path)
    await archive()
    assert await rows() == []


async def test_the_job_takes_partitions_and_what_is_in_none(customer, happen, rows, runtime, client):
    async with runtime.database.transaction() as session:
        await partitions.ensure(session, NOW - timedelta(days=120))
    await happen(customer, NOW - timedelta(days=119), NOW - timedelta(days=100), NOW)
    while await jobs.archive(runtime):
        pass
    assert [row.occurred_at for row in await rows()] == [NOW]
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert sum(one["rows"] for one in listed) == 2
    count = len(listed)
    await happen(customer, NOW - timedelta(days=200))
    while await jobs.archive(runtime):
        pass
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert (len(listed), [row.occurred_at for row in await rows()]) == (count, [NOW]), "it is in its month's"


async def test_what_waited_too_long_for_its_customer_is_deleted_some_at_a_time(happen, rows, runtime):
    nobody = ids.new_id()
    await happen(nobody, *[NOW - timedelta(days=91, hours=n) for n in range(3)])
    await happen(nobody, NOW - timedelta(days=89))
    assert await jobs.forget_unresolved(runtime, 2)
    assert len(await rows("interaction_unresolved")) == 2
    assert not await jobs.forget_unresolved(runtime, 2)
    assert [row.occurred_at for row in await rows("interaction_unresolved")] == [NOW - timedelta(days=89)]


class TestWithoutAnEnd:
    @pytest.fixture
    def settings_overrides(self):
        return {"interaction_days": 0}

    async def test_everything_stays(self, happen, rows, runtime, customer):
        await happen(ids.new_id(), LONG_AGO)
        await happen(customer, LONG_AGO)
        assert not await jobs.forget_unresolved(runtime)
        assert not await jobs.archive(runtime)
        assert (len(await rows()), len(await rows("interaction_unresolved"))) == (1, 1)


def _held(directory):
    return [row["customer_id"] for path in directory.iterdir() for row in pq.read_table(path).to_pylist()]
