"""Changes of tags, stages and tiers are kept for as long as settings say, but for what explains what holds."""

from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_profile.privacy import jobs
from careloop_profile.privacy.service import trimming
from sqlalchemy import text

NOW = clock.now()
ADD = {
    "tag_history": "(person_id, code, version, at, cause) VALUES (:person, :of, 1, :at, '{}')",
    "lifecycle_move": "(person_id, kind, at, because) VALUES (:person, :of, :at, 'x')",
}


@pytest.fixture
def settings_overrides():
    return {"history_days": 30}


@pytest.fixture(params=list(ADD))
def table(request):
    return request.param


@pytest.fixture
def change(runtime, table):
    """`await change(person, "stage", 40, 31)`: changes of something of a person so many days ago."""

    async def write(person, of, *days):
        statement = text(f"INSERT INTO {table} {ADD[table]}")
        async with runtime.database.transaction() as session:
            for ago in days:
                at = NOW - timedelta(days=ago)
                await session.execute(statement, {"person": person, "of": of, "at": at})

    return write


@pytest.fixture
def kept(runtime, table):
    """`await kept(person)`: how many days ago what was changed, the latest last."""
    of = trimming.ABOUT[table]

    async def read(person):
        statement = text(f"SELECT {of}, at FROM {table} WHERE person_id = :person ORDER BY number")
        async with runtime.database.transaction() as session:
            rows = await session.execute(statement, {"person": person})
            return [(row[0], (NOW - row[1]).days) for row in rows]

    return read


@pytest.fixture
def trim(runtime):
    """`await trim(most)`: the job until it is done; returns its turns."""

    async def run(most=1000):
        turns = 1
        while await jobs.trim_histories(runtime, most):
            turns += 1
        return turns

    return run


async def test_old_changes_go_but_for_the_last_of_each_and_what_held_when_the_time_begins(change, kept, trim):
    one, other = ids.new_id(), ids.new_id()
    await change(one, "stage", 90, 80)
    await change(one, "tier", 70)
    await change(one, "stage", 60)
    await change(other, "stage", 50)
    await change(one, "stage", 20, 10)
    await trim()
    assert await kept(one) == [("tier", 70), ("stage", 60), ("stage", 20), ("stage", 10)]
    assert await kept(other) == [("stage", 50)]


async def test_what_explained_yesterday_goes_when_its_successor_is_too_old(change, kept, trim, runtime):
    person = ids.new_id()
    await change(person, "stage", 90, 40)
    await trim()
    await change(person, "stage", 20)
    await trim()
    assert await kept(person) == [("stage", 40), ("stage", 20)]
    async with runtime.database.transaction() as session:
        for table in trimming.HISTORIES:
            await trimming.trim(session, table, before=NOW - timedelta(days=10), limit=100)
    assert await kept(person) == [("stage", 20)]


async def test_it_goes_some_at_a_time_and_on_where_it_was_stopped(change, kept, trim, runtime, table):
    people = [ids.new_id() for _ in range(3)]
    for ago in (90, 80, 70):
        for person in people:
            await change(person, "stage", ago)
    async with runtime.database.transaction() as session:
        assert await trimming.trim(session, table, before=NOW, limit=4) == (1, True)
    async with runtime.database.transaction() as session:
        assert await trimming.trim(session, table, before=NOW, limit=4) == (4, True)
        await session.rollback()
    assert len([one for person in people for one in await kept(person)]) == 8
    assert await trim(2) > 2
    assert [await kept(person) for person in people] == [[("stage", 70)]] * 3


async def test_who_is_being_erased_is_left_to_that(change, kept, trim, runtime, table):
    person, other = UUID(int=1), UUID(int=2)
    await change(person, "stage", 90, 80)
    await change(other, "stage", 90, 80)
    async with runtime.database.transaction() as session:
        await session.execute(text(f"DELETE FROM {table} WHERE person_id = :one"), {"one": person})
        await trim()
    assert (await kept(person), await kept(other)) == ([], [("stage", 80)])


class TestWithoutAnEnd:
    @pytest.fixture
    def settings_overrides(self):
        return {"history_days": 0}

    async def test_everything_stays(self, change, kept, trim):
        await change(person := ids.new_id(), "stage", 900, 800)
        await trim()
        assert await kept(person) == [("stage", 900), ("stage", 800)]
