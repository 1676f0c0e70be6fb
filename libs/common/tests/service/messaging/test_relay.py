"""The relay: what was committed reaches the stream, once, in the order of each aggregate."""

import pytest
from careloop_common import ids
from careloop_common.messaging import relay
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
