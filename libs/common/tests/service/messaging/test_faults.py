"""Servers die, streams vanish, leaders change: nothing is lost, nothing happens twice, order is kept."""

import asyncio
import os
import signal
from collections import defaultdict
from contextlib import asynccontextmanager

import pytest
from careloop_common import ids
from careloop_common.embedded import EmbeddedNats, EmbeddedPostgres
from careloop_common.messaging.bus import Outgoing
from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.errors import BrokerRefused, BrokerUnavailable
from careloop_common.messaging.relay import Relay
from careloop_common.messaging.subscription import Subscription, on
from careloop_common.outbox import add
from careloop_common.plumbing import outbox
from careloop_common.runtime import Runtime
from careloop_contracts import TicketReopenedV1
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError


@pytest.fixture
def mortal_nats(tmp_path):
    """A NATS server of this test's own, to be killed."""
    server = EmbeddedNats(tmp_path / "nats")
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def kill(eventually):
    async def kill(server):
        os.kill(server.pid, signal.SIGKILL)
        await eventually(lambda: not server.running)

    return kill


@pytest.fixture
def revive():
    async def revive(server):
        server.start()
        await asyncio.to_thread(server.wait_ready)

    return revive


@pytest.fixture
async def process(service_settings, mortal_nats):
    """`async with process() as runtime:` another process of the service, on the server that will be killed."""

    @asynccontextmanager
    async def start():
        settings = service_settings.model_copy(update={"nats_url": mortal_nats.url})
        async with Runtime.open("plumbing", settings) as runtime:
            yield runtime

    return start


def in_order(effects):
    seen = defaultdict(list)
    for aggregate, number in effects:
        seen[aggregate].append(number)
    return seen


async def test_nothing_is_lost_or_doubled_when_the_broker_is_killed(
    process, mortal_nats, kill, revive, subscription, effects, write, running, eventually
):
    aggregates = [ids.new_id() for _ in range(20)]
    async with process() as own, running(Relay(own), Consumer(own, subscription)):
        for turn in range(4):
            for number in range(turn * 10, turn * 10 + 10):
                await asyncio.gather(*(write(aggregate, [number]) for aggregate in aggregates))
                if number % 10 == 5:
                    await kill(mortal_nats)
            await revive(mortal_nats)

        async def all_there():
            return len(await effects.all()) >= 800

        await eventually(all_there, timeout=60)
    seen = in_order(await effects.all())
    assert all(seen[aggregate] == list(range(40)) for aggregate in aggregates)


async def test_writes_go_on_while_the_broker_is_down_and_the_outbox_drains_after(
    process, mortal_nats, kill, revive, effects, subscription, write, running, eventually
):
    aggregate = ids.new_id()
    async with process() as own, running(Relay(own), Consumer(own, subscription)):
        await own.bus.ready()
        await kill(mortal_nats)
        await eventually(lambda: not own.bus.connected)
        await write(aggregate, range(100))
        with pytest.raises(BrokerUnavailable):
            await own.bus.publish("care.v1.ticket.00.reopened", b"{}")
        async with own.database.transaction() as session:
            assert (await session.execute(select(func.count()).select_from(outbox))).scalar_one() == 100
        await revive(mortal_nats)

        async def drained():
            return await effects.of(aggregate) == list(range(100))

        await eventually(drained, timeout=30)


async def test_of_many_messages_each_is_answered_for(process, mortal_nats, kill, eventually):
    good = Outgoing("care.v1.ticket.00.reopened", b"{}", {})
    nowhere = Outgoing("elsewhere.ticket", b"{}", {})
    misled = Outgoing(good.subject, b"{}", {"Nats-Expected-Stream": "CARE_SCORE"})
    again = Outgoing(good.subject, b"{}", {"Nats-Msg-Id": "one"})
    async with process() as own:
        await own.bus.ready()
        first, lost, refused, second, same = await own.bus.publish_all([good, nowhere, misled, again, again])
        assert [type(one) for one in (lost, refused)] == [BrokerRefused] * 2
        assert (second.sequence, second.duplicate) == (first.sequence + 1, False)
        assert (same.sequence, same.duplicate) == (second.sequence, True)
        assert await own.bus.publish_all([]) == []
        await kill(mortal_nats)
        await eventually(lambda: not own.bus.connected)
        assert [type(one) for one in await own.bus.publish_all([good, again])] == [BrokerUnavailable] * 2


async def test_lost_database_connections_are_replaced(
    runtime, subscription, effects, write, running, eventually
):
    aggregates = [ids.new_id() for _ in range(10)]
    cut = text(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
        "pg_backend_pid()"
    )

    async def insist(aggregate, number):
        """Write an event; a pooled connection that was cut fails at its first use, before anything is written."""
        while True:
            try:
                await write(aggregate, [number])
            except DBAPIError:
                continue
            return

    async with running(Relay(runtime), Consumer(runtime, subscription)):
        for number in range(15):
            await asyncio.gather(*(insist(aggregate, number) for aggregate in aggregates))
            if number % 5 == 2:
                async with runtime.database.engine.connect() as connection:
                    await connection.execute(cut)

        async def all_there():
            try:
                return len(await effects.all()) >= 150
            except DBAPIError:  # asked on one of the connections that were cut
                return False

        await eventually(all_there, timeout=60)
    seen = in_order(await effects.all())
    assert all(seen[aggregate] == list(range(15)) for aggregate in aggregates)


@pytest.fixture
def mortal_postgres(tmp_path, service_under_test):
    """A PostgreSQL server of this test's own, with the service's tables, to be killed."""
    server = EmbeddedPostgres(tmp_path / "postgres", settings={"shared_buffers": "32MB"})
    server.start()
    server.wait_ready()
    service_under_test.migrate(server.admin_url)
    yield server
    server.stop()


async def test_nothing_is_lost_or_doubled_when_the_database_is_killed(
    mortal_postgres, kill, revive, service_settings, numbered, running, eventually
):
    settings = service_settings.model_copy(update={"database_url": SecretStr(mortal_postgres.admin_url)})
    aggregates = [ids.new_id() for _ in range(20)]
    effect = text("insert into effect (aggregate, number) values (:aggregate, :number)")

    async def handle(session, event, meta):
        await session.execute(effect, {"aggregate": event.ticket_id, "number": int(event.reason)})

    async with Runtime.open("plumbing", settings) as own:

        async def effects():
            query = text("select aggregate, number from effect order by id")
            try:
                async with own.database.transaction() as session:
                    return [tuple(row) for row in await session.execute(query)]
            except (DBAPIError, OSError):
                return []

        consumer = Consumer(own, Subscription("ticket", "effects", [on(TicketReopenedV1, handle)]))
        async with running(Relay(own), consumer):
            for turn in range(3):
                for number in range(turn * 15, turn * 15 + 15):
                    async with own.database.transaction() as session:
                        for aggregate in aggregates:
                            add(session, numbered(aggregate, number))

                async def some_way_on(goal=turn * 300 + 20):
                    return len(await effects()) >= goal

                await eventually(some_way_on, timeout=30)
                await kill(mortal_postgres)
                await revive(mortal_postgres)
                # The connections in the pool are dead; the first who tries finds out.
                await eventually(effects, timeout=30)

            async def all_there():
                return len(await effects()) >= 900

            await eventually(all_there, timeout=30)
            seen = in_order(await effects())
    assert all(seen[aggregate] == list(range(45)) for aggregate in aggregates)


async def test_an_old_server_is_refused(runtime, monkeypatch, nats_server):
    from careloop_common.messaging import bus
    from careloop_common.messaging.errors import BrokerTooOld

    monkeypatch.setattr(bus, "MINIMUM_VERSION", (99, 0))
    future = bus.Bus(nats_server, name="test")
    await future.start()
    with pytest.raises(BrokerTooOld):
        await future.ready()
    assert not future.connected
    await future.close()
