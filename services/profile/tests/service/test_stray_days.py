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
    assert {one["name"][:21] for one in listed} == {f"interaction_p2025030{n}" for n in (4, 3, 2, 1)}
    assert sum(one["rows"] for one in listed) == 12
    assert {f"{one['name']}.parquet" for one in listed} == {path.name for path in tmp_path.iterdir()}
    assert sum([await restore(f"interaction_p2025030{n}") for n in (1, 2, 3, 4)]) == 12
    assert await rows() == before


async def test_a_file_that_is_full_is_not_written_again_but_followed_by_another(
    customer, happen, archive, client, tmp_path
):
    """In the order of their names they were written."""
    await happen(customer, *[LONG_AGO + timedelta(minutes=n) for n in range(5)])
    await archive(most=2)
    assert _rows_of(tmp_path) == {
        "interaction_p20250301.parquet": 2,
        "interaction_p20250301_0001.parquet": 2,
        "interaction_p20250301_0002.parquet": 1,
    }
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    await happen(customer, *[LONG_AGO + timedelta(hours=n) for n in (1, 2, 3)])
    await archive(most=2)
    assert list(_rows_of(tmp_path).values()) == [2, 2, 2, 2]
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert [name for name in sorted(before) if after[name] != before[name]] == [
        "interaction_p20250301_0002.parquet"
    ]
    listed = (await client.get("/v1/interaction-archives")).json()["items"]
    assert [f"{one['name']}.parquet" for one in listed] == sorted(after)


async def test_what_one_of_several_files_has_is_in_no_other(
    customer, happen, archive, rows, restore, tmp_path
):
    moments = [LONG_AGO + timedelta(minutes=n) for n in range(5)]
    uids = await happen(customer, *moments)
    await archive(most=2)
    await happen(customer, *moments, LONG_AGO + timedelta(hours=9), uids=[*uids, ids.new_id().hex])
    await archive(most=2)
    assert await rows() == []
    assert len(_messages(tmp_path)) == len(set(_messages(tmp_path))) == 6
    assert await restore("interaction_p20250301_0001") == 6
    assert len(await rows()) == 6


@pytest.mark.parametrize("stopped", range(6))
async def test_who_is_stopped_at_any_step_loses_nothing_and_doubles_nothing(
    customer, happen, archive, rows, restore, runtime, tmp_path, stopped
):
    """The file is in its place, and nothing of that was written down."""
    uids = {
        str(UUID(uid)) for uid in await happen(customer, *[LONG_AGO + timedelta(minutes=n) for n in range(5)])
    }
    for step in range(6):
        async with runtime.database.transaction() as session:
            assert await straying.archive_next(session, tmp_path, days=90, now=NOW, most=2)
            if step == stopped:
                await session.rollback()
        here = {str(row.message_uid) for row in await rows()}
        assert here | set(_messages(tmp_path)) == uids
    await archive(most=2)
    assert await rows() == []
    assert sorted(_messages(tmp_path)) == sorted(uids)
    assert await restore("interaction_p20250301") == 5


async def test_whoever_is_erased_is_in_none_of_several_files(
    customer, happen, archive, runtime, restore, tmp_path, register
):
    other = UUID((await register(source="crm", external_id="A-2"))["customer_id"])
    for _ in range(3):
        await happen(customer, LONG_AGO)
        await happen(other, LONG_AGO)
    await archive(most=2)
    name, gone = "", 0
    async with runtime.database.transaction() as session:
        while name := await archiving.next_after(session, name):
            gone += await archiving.forget(session, tmp_path, name, [other])
    assert (gone, _held(tmp_path)) == (3, [str(customer)] * 3)
    assert await restore("interaction_p20250301") == 3


async def test_days_of_several_files_that_came_back_leave_as_one(
    customer, happen, archive, rows, restore, runtime, tmp_path
):
    await happen(customer, *[LONG_AGO + timedelta(minutes=n) for n in range(5)])
    await archive(most=2)
    await restore("interaction_p20250301")
    async with runtime.database.transaction() as session:
        await archiving.archive_next(session, tmp_path, days=90, now=NOW + timedelta(days=31))
        await session.rollback()
    assert len(await rows()) == 5, "whoever was stopped does it again"
    async with runtime.database.transaction() as session:
        assert await archiving.archive_next(session, tmp_path, days=90, now=NOW + timedelta(days=31))
    assert await rows() == []
    assert _rows_of(tmp_path) == {"interaction_p20250301.parquet": 5}
    assert await restore("interaction_p20250301") == 5


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


def _messages(directory):
    """What the files have; drafts are nobody's."""
    return [
        row["message_uid"] for path in directory.glob("*.parquet") for row in pq.read_table(path).to_pylist()
    ]


def _rows_of(directory):
    return {path.name: pq.read_metadata(path).num_rows for path in sorted(directory.iterdir())}
