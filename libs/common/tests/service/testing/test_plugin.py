"""What the fixtures of `careloop_common.testing` promise to every suite."""

import asyncio

import asyncpg
import pytest
from careloop_common import ids, outbox
from careloop_contracts import TicketReopenedV1
from sqlalchemy import text


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_begins_with_empty_streams(publish, published, numbered, turn):
    assert await published(TicketReopenedV1) == []
    event = numbered(ids.new_id(), turn)
    await publish(event)
    assert await published(TicketReopenedV1) == [event]


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_begins_with_an_empty_database(runtime, numbered, turn):
    async with runtime.database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM outbox")) == 0
        outbox.add(session, numbered(ids.new_id(), turn))


async def test_a_service_has_the_rights_of_its_own_role_only(runtime):
    async with runtime.database.transaction() as session:
        superuser = (
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        assert await session.scalar(text(superuser)) is False


async def test_what_a_session_did_is_rolled_back(session, runtime, numbered):
    outbox.add(session, numbered(ids.new_id(), 1))
    await session.execute(text("INSERT INTO effect (aggregate, number) VALUES (gen_random_uuid(), 1)"))
    await session.rollback()
    async with runtime.database.transaction() as other:
        assert await other.scalar(text("SELECT count(*) FROM effect")) == 0


async def test_a_published_event_under_one_id_is_delivered_once_by_the_broker(publish, published, numbered):
    event = numbered(ids.new_id(), 1)
    event_id = await publish(event)
    assert await publish(event, event_id=event_id) == event_id
    assert await published(TicketReopenedV1) == [event]


async def test_made_databases_are_dropped(databases, service_under_test, postgres):
    url = await databases.clone(service_under_test)
    await databases.drop(url)
    connection = await asyncpg.connect(postgres)
    name = url.rpartition("/")[2]
    assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0
    await connection.close()


async def test_eventually_returns_the_first_true_answer(eventually):
    answers = iter([0, None, [], "at last"])
    assert await eventually(lambda: next(answers)) == "at last"


async def test_eventually_reports_what_was_asserted_last(eventually):
    def check():
        assert 1 == 2, "not yet"  # noqa: PLR0133

    with pytest.raises(AssertionError, match="not yet"):
        await eventually(check, timeout=0.1)


async def test_a_worker_that_breaks_fails_the_test():
    from careloop_common.testing.working import working

    class Broken:
        async def run(self):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        async with working(Broken()):
            await asyncio.sleep(0)
