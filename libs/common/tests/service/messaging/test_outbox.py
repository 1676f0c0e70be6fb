"""Events of a session: what is rolled back says nothing, what stays says everything in the order of the calls."""

from careloop_common import ids, outbox
from careloop_common.plumbing import outbox as rows
from sqlalchemy import select


async def written(runtime):
    async with runtime.database.transaction() as session:
        return list(await session.scalars(select(rows.c.event_id).order_by(rows.c.id)))


async def test_a_savepoint_that_is_rolled_back_takes_its_events_back(runtime, numbered):
    async with runtime.database.transaction() as session:
        before = outbox.add(session, numbered(ids.new_id(), 1))
        savepoint = await session.begin_nested()
        outbox.add(session, numbered(ids.new_id(), 2))
        await savepoint.rollback()
        after = outbox.add(session, numbered(ids.new_id(), 3))
    assert await written(runtime) == [before, after]


async def test_a_savepoint_that_is_kept_keeps_its_events_in_their_place(runtime, numbered):
    async with runtime.database.transaction() as session:
        expected = [outbox.add(session, numbered(ids.new_id(), 1))]
        async with session.begin_nested():
            expected.append(outbox.add(session, numbered(ids.new_id(), 2)))
        expected.append(outbox.add(session, numbered(ids.new_id(), 3)))
    assert await written(runtime) == expected


async def test_events_of_a_savepoint_within_another_go_with_the_outer_one(runtime, numbered):
    async with runtime.database.transaction() as session:
        before = outbox.add(session, numbered(ids.new_id(), 1))
        outer = await session.begin_nested()
        async with session.begin_nested():
            outbox.add(session, numbered(ids.new_id(), 2))
        await outer.rollback()
    assert await written(runtime) == [before]


async def test_a_rolled_back_savepoint_does_not_keep_the_relay_asleep(runtime, numbered):
    woken = []
    runtime.database.on_commit(outbox.WAKE, lambda: woken.append(True))
    async with runtime.database.transaction() as session:
        outbox.add(session, numbered(ids.new_id(), 1))
        savepoint = await session.begin_nested()
        await savepoint.rollback()
    assert woken == [True]


async def test_who_makes_many_events_is_told_when_too_many_wait(runtime, numbered):
    async with runtime.database.transaction() as session:
        assert not await outbox.is_behind(session, many=0)
        outbox.add(session, numbered(ids.new_id(), 1))
        outbox.add(session, numbered(ids.new_id(), 2))
    async with runtime.database.transaction() as session:
        assert await outbox.is_behind(session, many=1)
        assert not await outbox.is_behind(session, many=2)
