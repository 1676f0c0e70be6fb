"""The consumer: each event takes effect exactly once, in the order of its aggregate, whatever its handler does."""

import asyncio
import itertools

from careloop_common import ids
from careloop_common.errors import Kind
from careloop_common.messaging import dead_letters
from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.relay import Relay
from careloop_common.messaging.subscription import AlreadyApplied, Subscription, on, on_batch
from careloop_contracts import TicketArchivedV1, TicketReopenedV1
from careloop_contracts.streams import subjects_of


async def test_events_take_effect_in_the_order_of_their_aggregate(
    runtime, consumer, effects, write, running, eventually
):
    aggregates = [ids.new_id() for _ in range(25)]
    async with running(Relay(runtime), consumer):
        for start in range(0, 40, 10):
            await asyncio.gather(*(write(aggregate, range(start, start + 10)) for aggregate in aggregates))

        async def all_there():
            return len(await effects.all()) == 1000

        await eventually(all_there, timeout=30)
    for aggregate in aggregates:
        assert await effects.of(aggregate) == list(range(40))


async def test_an_event_that_comes_twice_has_one_effect(
    consumer, effects, publish, numbered, broker, running, eventually, sequence
):
    """The broker's own window is two hours; a copy under another message id stands for one that comes later."""
    aggregate = ids.new_id()
    event_id = await publish(numbered(aggregate, 1))
    message = (await broker.messages("CARE_TICKET"))[0]
    for copy in range(3):
        headers = {**message.headers, "Nats-Msg-Id": f"copy-{copy}"}
        await broker.jetstream.publish(message.subject, message.data, headers=headers)
    async with running(consumer):

        async def read():
            return await sequence() == 4

        await eventually(read)
        await broker.jetstream.publish(
            message.subject, message.data, headers={**message.headers, "Nats-Msg-Id": "later"}
        )

        async def read_on():
            return await sequence() == 5

        await eventually(read_on)
    assert event_id is not None
    assert await effects.of(aggregate) == [1]


async def test_a_poison_message_is_put_aside_and_the_others_go_on(
    runtime, consumer, effects, trouble, fault, publish, numbered, running, eventually, letters, broker
):
    aggregate, other = ids.new_id(), ids.new_id()
    trouble.at(aggregate, 1, *itertools.repeat(fault(Kind.INVALID), 9))
    for number in range(3):
        await publish(numbered(aggregate, number))
        await publish(numbered(other, number))
    async with running(consumer):

        async def done():
            return len(await effects.all()) == 5

        await eventually(done)

        async def copied():
            return await broker.messages("CARE_DLQ")

        copies = await eventually(copied)
    assert await effects.of(aggregate) == [0, 2]
    assert await effects.of(other) == [0, 1, 2]
    (letter,) = await letters()
    assert (letter.consumer, letter.reason, letter.attempts) == ("effects", "invalid", 1)
    assert copies[0].subject == "dlq.plumbing.effects"
    assert copies[0].headers["careloop-reason"] == "invalid"


async def test_a_dead_letter_is_replayed_once_its_reason_is_gone(
    runtime, consumer, subscription, effects, trouble, fault, publish, numbered, running, eventually, letters
):
    aggregate = ids.new_id()
    trouble.at(aggregate, 1, *itertools.repeat(fault(Kind.INVALID), 2))
    await publish(numbered(aggregate, 1))
    async with running(consumer):
        await eventually(letters)
    assert await dead_letters.replay(runtime, [subscription]) == (0, 1)
    assert len(await dead_letters.pending(runtime)) == 1
    assert await dead_letters.replay(runtime, [subscription]) == (1, 0)
    assert await effects.of(aggregate) == [1]
    assert await dead_letters.replay(runtime, [subscription]) == (0, 0)
    assert await dead_letters.pending(runtime) == []


async def test_a_passing_failure_is_retried_in_place(
    consumer, effects, trouble, fault, publish, numbered, running, eventually, letters
):
    aggregate = ids.new_id()
    trouble.at(aggregate, 1, *itertools.repeat(fault(Kind.UNAVAILABLE), 7))
    for number in range(4):
        await publish(numbered(aggregate, number))
    async with running(consumer):

        async def done():
            return len(await effects.all()) == 4

        await eventually(done, timeout=20)
    assert await effects.of(aggregate) == [0, 1, 2, 3]
    assert await letters() == []


async def test_what_is_missing_may_still_come(
    consumer, effects, trouble, fault, publish, numbered, running, eventually, letters
):
    aggregate = ids.new_id()
    trouble.at(aggregate, 1, *itertools.repeat(fault(Kind.NOT_FOUND), 3))
    trouble.at(aggregate, 2, *itertools.repeat(fault(Kind.NOT_FOUND), 99))
    for number in (1, 2, 3):
        await publish(numbered(aggregate, number))
    async with running(consumer):

        async def done():
            return len(await effects.all()) == 2

        await eventually(done, timeout=20)
    assert await effects.of(aggregate) == [1, 3]
    assert [letter.reason for letter in await letters()] == ["not_found"]


async def test_an_unexpected_error_ends_as_a_dead_letter_after_five_tries(
    consumer, effects, trouble, publish, numbered, running, eventually, letters
):
    aggregate = ids.new_id()
    trouble.at(aggregate, 1, *itertools.repeat(ZeroDivisionError("call +8613812345678"), 99))
    await publish(numbered(aggregate, 1))
    async with running(consumer):
        (letter,) = await eventually(letters)
    assert (letter.reason, letter.attempts) == ("unexpected", 5)
    assert letter.detail == "ZeroDivisionError: call [phone]"
    assert len(trouble.attempts) == 5
    assert await effects.all() == []


async def test_a_handler_may_say_that_the_effect_is_there_already(
    consumer, effects, trouble, publish, numbered, running, eventually, letters, sequence
):
    aggregate = ids.new_id()
    trouble.at(aggregate, 1, *itertools.repeat(AlreadyApplied(), 2))
    await publish(numbered(aggregate, 1))
    await publish(numbered(aggregate, 2))
    async with running(consumer):

        async def done():
            return await sequence() == 2

        await eventually(done)
    assert await effects.of(aggregate) == [2]
    assert await letters() == []


async def test_unknown_types_are_passed_over_and_broken_messages_put_aside(
    consumer, effects, publish, numbered, broker, running, eventually, letters
):
    aggregate = ids.new_id()
    await publish(numbered(aggregate, 1))
    first = (await broker.messages("CARE_TICKET"))[0]
    fresh = {"ce-id": str(ids.new_id()), "Nats-Msg-Id": "unknown", "ce-type": "careloop.ticket.sung.v9"}
    await broker.jetstream.publish("care.v9.ticket.03.sung", b"{}", headers={**first.headers, **fresh})
    await broker.jetstream.publish("care.v1.ticket.03.reopened", b"no event at all")
    broken = {"ce-id": str(ids.new_id()), "Nats-Msg-Id": "broken"}
    await broker.jetstream.publish(first.subject, b'{"ticket_id": 7', headers={**first.headers, **broken})
    await publish(numbered(aggregate, 2))
    async with running(consumer):

        async def done():
            return len(await effects.all()) == 2

        await eventually(done)
    assert [letter.reason for letter in await letters()] == ["malformed", "malformed"]


async def test_events_that_follow_each_other_come_to_a_batch_handler_together(
    runtime, effects, publish, numbered, running, eventually
):
    calls = []

    async def together(session, deliveries):
        calls.append([type(delivery.event).__name__ for delivery in deliveries])
        for delivery in deliveries:
            if isinstance(delivery.event, TicketReopenedV1):
                await effects.handle(session, delivery.event, delivery.meta)

    aggregate = ids.new_id()
    for number in range(50):
        await publish(numbered(aggregate, number))
    await publish(
        TicketArchivedV1(ticket_id=aggregate, reason="done", archived_at=numbered(aggregate, 0).reopened_at)
    )
    subscription = Subscription(
        "ticket", "batches", [on_batch((TicketReopenedV1, TicketArchivedV1), together)]
    )
    async with running(Consumer(runtime, subscription)):

        async def done():
            return sum(map(len, calls)) >= 51 and len(await effects.all()) == 50

        await eventually(done)
    assert len(calls) < 20
    assert await effects.of(aggregate) == list(range(50))


async def test_partition_groups_share_the_work(runtime, effects, publish, numbered, running, eventually):
    subscription = Subscription("ticket", "grouped", [on(TicketReopenedV1, effects.handle)], groups=4)
    consumer = Consumer(runtime, subscription)
    aggregates = [ids.new_id() for _ in range(30)]
    for number, aggregate in itertools.product(range(5), aggregates):
        await publish(numbered(aggregate, number))
    async with running(consumer):

        async def done():
            return len(await effects.all()) == 150

        await eventually(done)
    for aggregate in aggregates:
        assert await effects.of(aggregate) == list(range(5))


async def _nothing(*_):
    """A handler of which only the event type matters."""


def test_a_consumer_asks_for_the_events_that_it_handles_and_no_others():
    from careloop_common.messaging.processing import EventProcessor

    handlers = [on(TicketReopenedV1, _nothing), on_batch((TicketArchivedV1,), _nothing)]
    whole = EventProcessor(Subscription("ticket", "named", handlers), batch=1)
    assert whole.subjects(0) == ("care.*.ticket.*.archived", "care.*.ticket.*.reopened")
    halves = EventProcessor(Subscription("ticket", "named", handlers[:1], groups=8), batch=1)
    assert halves.subjects(3) == ("care.*.ticket.03.reopened", "care.*.ticket.11.reopened")


def test_groups_cover_every_partition_once():
    from careloop_common.messaging.processing import EventProcessor

    subscription = Subscription("ticket", "grouped", [on(TicketReopenedV1, _nothing)], groups=3)
    processor = EventProcessor(subscription, batch=1)
    covered = [subject for group in range(3) for subject in processor.subjects(group)]
    assert sorted(covered) == sorted(subjects_of("ticket", range(16), ["reopened"]))
