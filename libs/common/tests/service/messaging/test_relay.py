"""The relay: what was committed reaches the stream, once, in the order of each aggregate."""

import asyncio

import pytest
from careloop_common import ids
from careloop_common.messaging import relay
from careloop_common.messaging.errors import BrokerRefused
from careloop_common.messaging.relay import Relay
from careloop_common.outbox import add
from careloop_common.plumbing import inbox, outbox, outbox_sent
from careloop_contracts import TicketReopenedV1
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import func, select, text


async def count(runtime, table):
    async with runtime.database.transaction() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def test_committed_events_reach_the_stream_and_are_archived(
    runtime, write, running, published, eventually
):
    aggregate = ids.new_id()
    event_ids = await write(aggregate, range(3))
    async with running(Relay(runtime)):

        async def archived():
            return await count(runtime, outbox_sent) == 3

        await eventually(archived)
    events = await published(TicketReopenedV1)
    assert [event.reason for event in events] == ["0", "1", "2"]
    assert await count(runtime, outbox) == 0
    assert len(set(event_ids)) == 3


async def test_order_of_each_aggregate_is_kept_over_many_batches(
    runtime, write, running, published, eventually
):
    aggregates = [ids.new_id() for _ in range(20)]
    async with running(Relay(runtime)):
        for start in range(0, 60, 20):
            for aggregate in aggregates:
                await write(aggregate, range(start, start + 20))

        async def drained():
            return await count(runtime, outbox_sent) == 1200

        await eventually(drained, timeout=30)
    seen = {aggregate: [] for aggregate in aggregates}
    for event in await published(TicketReopenedV1):
        seen[event.ticket_id].append(int(event.reason))
    assert all(numbers == list(range(60)) for numbers in seen.values())


async def test_rows_published_before_a_crash_are_not_doubled_on_the_stream(
    runtime, write, running, published, eventually
):
    """A relay that dies between the acknowledgement and the archive publishes again: the broker drops it."""
    await write(ids.new_id(), range(5))
    async with running(Relay(runtime)):

        async def archived():
            return await count(runtime, outbox_sent) == 5

        await eventually(archived)
        assert await relay.resend(runtime, hours=1) == 5
        await eventually(archived)
    assert len(await published(TicketReopenedV1)) == 5


async def test_a_refused_event_holds_back_its_own_aggregate_only(
    runtime, write, running, published, eventually
):
    blocked, free = ids.new_id(), ids.new_id()
    event_id, *_ = await write(blocked, range(3))
    refused = text(
        """update outbox set headers = headers || '{"Nats-Expected-Last-Msg-Id": "none"}' where event_id = :id"""
    )
    accepted = text("update outbox set headers = headers - 'Nats-Expected-Last-Msg-Id' where event_id = :id")
    async with runtime.database.transaction() as session:
        await session.execute(refused, {"id": event_id})
    await write(free, range(3))
    async with running(Relay(runtime)):

        async def three_left():
            return await count(runtime, outbox) == 3

        await eventually(three_left)
        assert {event.ticket_id for event in await published(TicketReopenedV1)} == {free}
        async with runtime.database.transaction() as session:
            await session.execute(accepted, {"id": event_id})

        async def none_left():
            return await count(runtime, outbox) == 0

        await eventually(none_left)
    events = [event for event in await published(TicketReopenedV1) if event.ticket_id == blocked]
    assert [event.reason for event in events] == ["0", "1", "2"]


async def test_rolled_back_events_are_never_published(
    runtime, numbered, write, running, published, eventually
):
    aggregate = ids.new_id()

    async def fail():
        async with runtime.database.transaction() as session:
            add(session, numbered(aggregate, 1))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await write(aggregate, [2])
    async with running(Relay(runtime)):

        async def archived():
            return await count(runtime, outbox_sent) == 1

        await eventually(archived)
    assert [event.reason for event in await published(TicketReopenedV1)] == ["2"]


async def test_the_trace_of_the_writer_is_on_the_message(runtime, numbered, running, broker, eventually):
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("writer") as span:
        async with runtime.database.transaction() as session:
            add(session, numbered(ids.new_id(), 1))
    async with running(Relay(runtime)):

        async def arrived():
            return await broker.messages("CARE_TICKET")

        message = (await eventually(arrived))[0]
    assert f"{span.get_span_context().trace_id:032x}" in message.headers["traceparent"]


async def test_old_messages_are_forgotten_bit_by_bit(runtime, monkeypatch):
    from careloop_common.messaging import housekeeping

    monkeypatch.setattr(housekeeping, "ROWS", 4)
    sent = text(
        "insert into outbox_sent (id, event_id, partition, subject, headers, payload, created_at, sent_at)"
        " select n, gen_random_uuid(), 0, 's', '{}', '', now(), now() - n * interval '4 hours'"
        " from generate_series(1, 12) as n"
    )
    known = text(
        "insert into inbox (consumer, event_id, received_at)"
        " select 'c', gen_random_uuid(), now() - n * interval '4 days' from generate_series(1, 5) as n"
    )
    async with runtime.database.transaction() as session:
        await session.execute(sent)
        await session.execute(known)
    assert await housekeeping.purge(runtime) is True
    assert await housekeeping.purge(runtime) is False
    assert await count(runtime, outbox_sent) == 5
    assert await count(runtime, inbox) == 3


@pytest.fixture
def small_batches(monkeypatch):
    """Batches of four, so that there is always one behind that is read already."""
    monkeypatch.setattr(relay, "BATCH", 4)


@pytest.fixture
def broker_says(runtime, monkeypatch):
    """`broker_says(hear)`: `await hear(number)` before the event of this number goes out; it may refuse it."""

    def install(hear):
        publish = runtime.bus.publish_all

        async def told(message):
            try:
                await hear(int(TicketReopenedV1.model_validate_json(message.payload).reason))
            except BrokerRefused as refused:
                return refused
            (result,) = await publish([message])
            return result

        async def listen(messages):
            return await asyncio.gather(*map(told, messages))

        monkeypatch.setattr(runtime.bus, "publish_all", listen)

    return install


async def test_the_batch_behind_one_in_which_an_event_was_refused_waits_with_it(
    runtime, small_batches, broker_says, write, running, published, eventually
):
    """The next batch is read while this one goes out: what is in it of the same aggregate must not overtake."""
    blocked, free = ids.new_id(), ids.new_id()
    await write(blocked, range(2))
    await write(free, range(100, 104))
    await write(blocked, range(2, 6))
    await write(free, range(104, 106))
    refusals = iter([1] * 3)

    async def hear(number):
        if number == 1 and next(refusals, None):
            raise BrokerRefused("Not now.")

    broker_says(hear)
    async with running(Relay(runtime)):

        async def all_archived():
            return await count(runtime, outbox_sent) == 12

        await eventually(all_archived)
    events = await published(TicketReopenedV1)
    of_blocked = [int(event.reason) for event in events if event.ticket_id == blocked]
    of_free = [int(event.reason) for event in events if event.ticket_id == free]
    assert (of_blocked, of_free) == (list(range(6)), list(range(100, 106)))
    assert await count(runtime, outbox) == 0


async def test_an_event_with_a_lower_id_that_commits_later_is_not_left_behind(
    runtime, small_batches, broker_says, numbered, write, running, published, eventually
):
    """Ids commit out of order: what lies before the batch that goes out may not have been there when it was read."""
    slow = ids.new_id()
    take_a_number = text("SELECT nextval(pg_get_serial_sequence('outbox', 'id'))")
    async with runtime.database.transaction() as session:
        low = await session.scalar(take_a_number)
    await write(ids.new_id(), range(12))
    committed = asyncio.Event()

    async def hear(number):
        if number == 5 and not committed.is_set():
            await write(slow, [77])
            async with runtime.database.transaction() as session:
                renumber = text("UPDATE outbox SET id = :low WHERE id = (SELECT max(id) FROM outbox)")
                await session.execute(renumber.bindparams(low=low))
            committed.set()

    broker_says(hear)
    async with running(Relay(runtime)):

        async def all_archived():
            return await count(runtime, outbox_sent) == 13

        await eventually(all_archived)
    reasons = [int(event.reason) for event in await published(TicketReopenedV1)]
    assert sorted(reasons) == [*range(12), 77]
    assert [reason for reason in reasons if reason != 77] == list(range(12))


async def test_what_went_out_and_was_not_archived_when_the_relay_ended_is_on_the_stream_once(
    runtime, small_batches, broker_says, write, running, published, eventually
):
    """It ends while one batch goes out, the one before is being archived and the one behind has been read."""
    aggregates = [ids.new_id() for _ in range(3)]
    for start in range(0, 20, 5):
        for aggregate in aggregates:
            await write(aggregate, range(start, start + 5))
    seen, reached = 0, asyncio.Event()

    async def hear(number):
        nonlocal seen
        seen += 1
        if seen % 11 == 0:
            reached.set()

    broker_says(hear)
    for _ in range(4):
        reached.clear()
        async with running(Relay(runtime)):
            await reached.wait()
    async with running(Relay(runtime)):

        async def all_archived():
            return await count(runtime, outbox_sent) == 60

        await eventually(all_archived)
    of = {aggregate: [] for aggregate in aggregates}
    for event in await published(TicketReopenedV1):
        of[event.ticket_id].append(int(event.reason))
    assert all(numbers == list(range(20)) for numbers in of.values())


async def test_no_row_goes_out_twice_while_its_archiving_takes_long(
    runtime, small_batches, broker_says, write, running, eventually
):
    went_out = []

    async def hear(number):
        went_out.append(number)

    broker_says(hear)
    aggregate = ids.new_id()
    await write(aggregate, range(40))
    async with running(Relay(runtime)):

        async def all_archived():
            return await count(runtime, outbox_sent) == 40

        await eventually(all_archived)
    assert went_out == list(range(40))
