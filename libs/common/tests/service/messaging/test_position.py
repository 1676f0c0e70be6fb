"""Where a consumer reads on: who may move the position, and what it is worth when the stream is another."""

import pytest
from careloop_common import ids
from careloop_common.messaging import position
from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.position import Fenced
from careloop_common.messaging.relay import Relay, resend
from careloop_common.messaging.subscription import Subscription, on
from careloop_common.runtime import Runtime
from careloop_contracts import TicketReopenedV1
from sqlalchemy import text


async def test_of_two_consumers_one_works_and_the_other_takes_over(
    service_settings, effects, write, running, eventually, broker
):
    handled = {"first": 0, "second": 0}

    def handler(name):
        async def handle(session, event, meta):
            handled[name] += 1
            await effects.handle(session, event, meta)

        return handle

    aggregate = ids.new_id()
    async with (
        Runtime.open("plumbing", service_settings) as one,
        Runtime.open("plumbing", service_settings) as two,
        running(Relay(two)),
    ):
        first = Consumer(one, Subscription("ticket", "effects", [on(TicketReopenedV1, handler("first"))]))
        second = Consumer(two, Subscription("ticket", "effects", [on(TicketReopenedV1, handler("second"))]))
        async with running(first):
            await write(aggregate, range(10))

            async def begun():
                return await effects.of(aggregate) == list(range(10))

            await eventually(begun)
            async with running(second):
                await write(aggregate, range(10, 20))

                async def gone_on():
                    return await effects.of(aggregate) == list(range(20))

                await eventually(gone_on)
        assert handled == {"first": 20, "second": 0}
        async with running(second):
            await write(aggregate, range(20, 30))

            async def taken_over():
                return await effects.of(aggregate) == list(range(30))

            await eventually(taken_over)
    assert handled == {"first": 20, "second": 10}


async def test_a_leader_that_was_overtaken_cannot_move_the_position(runtime, broker):
    """Its lock may be gone without its knowing; the position in the transaction tells."""
    created = (await runtime.bus.api("STREAM.INFO.CARE_TICKET"))["created"]
    start = position.Position("effects", 0, "CARE_TICKET", position.datetime.fromisoformat(created))
    ten, twenty = (position.replace(start, sequence=number) for number in (10, 20))
    async with runtime.database.transaction() as session:
        await position.store(session, None, ten)
    async with runtime.database.transaction() as session:
        await position.store(session, ten, twenty)
    with pytest.raises(Fenced):
        async with runtime.database.transaction() as session:
            await position.store(session, ten, position.replace(start, sequence=11))
    with pytest.raises(Fenced):
        async with runtime.database.transaction() as session:
            await position.store(session, None, position.replace(start, sequence=1))
    async with runtime.database.transaction() as session:
        assert await position.load(session, "effects", 0) == twenty


async def test_a_recreated_stream_is_read_from_its_start(
    runtime, consumer, effects, write, running, eventually, broker, sequence
):
    """Also while the consumer reads; what the outbox still has can be sent again, and has no second effect."""
    aggregate = ids.new_id()
    async with running(Relay(runtime), consumer):
        await write(aggregate, range(5))

        async def read():
            return await effects.of(aggregate) == list(range(5))

        await eventually(read)
        await broker.reset()
        await write(aggregate, [5])

        async def read_on():
            return await effects.of(aggregate) == list(range(6)) and await sequence() == 1

        await eventually(read_on, timeout=20)

        async def archived():
            async with runtime.database.transaction() as session:
                return await session.scalar(text("select count(*) from outbox_sent")) == 6

        # The relay puts away what it has sent only once that was acknowledged, when others may have read it already.
        await eventually(archived)
        assert await resend(runtime, hours=1) == 6

        async def read_again():
            return await sequence() == 6

        await eventually(read_again)
    assert await effects.of(aggregate) == list(range(6))


async def test_a_stream_that_lost_its_end_is_noticed(
    runtime, subscription, effects, publish, numbered, running, eventually, broker, sequence
):
    """After a power failure other messages may have the old numbers; the time of the message at the position tells.

    Messages 2 and 3 stand for such others: nothing is known of them here.
    """
    aggregate = ids.new_id()
    first, *_ = [await publish(numbered(aggregate, number)) for number in range(3)]
    async with running(Consumer(runtime, subscription)):

        async def read():
            return await sequence() == 3

        await eventually(read)
    async with runtime.database.transaction() as session:
        await session.execute(text("update consumer_position set message_nanos = message_nanos - 1000"))
        await session.execute(text("delete from effect where number > 0"))
        await session.execute(text("delete from inbox where event_id <> :first"), {"first": first})
    async with running(Consumer(runtime, subscription)):

        async def read_again():
            return await effects.of(aggregate) == [0, 1, 2]

        await eventually(read_again)
