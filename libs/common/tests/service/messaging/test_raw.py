"""Raw subscriptions: micro-batches bound by number and bytes, the position in the handler's transaction."""

import itertools

from careloop_common.errors import Kind
from careloop_common.messaging import consumer, dead_letters
from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.subscription import RawSubscription
from careloop_contracts import interaction


async def test_batches_are_bound_and_in_order(runtime, broker, running, eventually, sequence):
    batches = []

    async def store(session, messages):
        batches.append([(message.data[:3], len(message.data)) for message in messages])

    for number in range(40):
        await broker.jetstream.publish(interaction.subject(number % 16), b"%03d" % number + b"x" * 10_000)
    subscription = RawSubscription(
        stream=interaction.STREAM,
        subject=interaction.ALL_SUBJECTS,
        durable="interactions",
        handler=store,
        max_messages=7,
        max_bytes=50_000,
    )
    async with running(Consumer(runtime, subscription)):

        async def done():
            return await sequence() == 40

        await eventually(done)
    assert [data for batch in batches for data, _ in batch] == [b"%03d" % number for number in range(40)]
    assert max(map(len, batches)) == 4
    assert all(sum(size for _, size in batch) <= 50_000 for batch in batches)


async def test_what_comes_while_others_rest_is_taken_together(
    runtime, broker, running, eventually, sequence, monkeypatch
):
    batches = []
    monkeypatch.setattr(consumer, "LONGEST_REST", 1.0)

    async def store(session, messages):
        batches.append([message.data for message in messages])

    subscription = RawSubscription(
        interaction.STREAM, interaction.ALL_SUBJECTS, "interactions", store, gathering=1e6
    )

    async def done():
        return await sequence() == 6

    async with running(Consumer(runtime, subscription)):
        await broker.jetstream.publish(interaction.subject(0), b"0")
        await eventually(lambda: batches)
        for number in range(1, 6):
            await broker.jetstream.publish(interaction.subject(0), str(number).encode())
        await eventually(done)
    assert batches == [[b"0"], [b"1", b"2", b"3", b"4", b"5"]]


async def test_a_bad_envelope_is_found_among_good_ones(
    runtime, broker, running, eventually, sequence, letters, fault
):
    kept = []
    repaired = []

    async def store(session, messages):
        if any(message.data == b"bad" for message in messages) and not repaired:
            raise fault(Kind.INVALID)
        kept.extend(message.data for message in messages)

    for body in (b"a", b"bad", b"b", b"c"):
        await broker.jetstream.publish(interaction.subject(0), body)
    subscription = RawSubscription(interaction.STREAM, interaction.ALL_SUBJECTS, "interactions", store)
    async with running(Consumer(runtime, subscription)):

        async def done():
            return await sequence() == 4

        await eventually(done)
    assert kept == [b"a", b"b", b"c"]
    (letter,) = await letters()
    assert (letter.reason, letter.payload, letter.event_id) == ("invalid", b"bad", None)
    repaired.append(True)
    assert await dead_letters.replay(runtime, [subscription]) == (1, 0)
    assert kept[-1] == b"bad"


async def test_a_passing_failure_keeps_the_order(runtime, broker, running, eventually, sequence, fault):
    kept = []
    failures = itertools.chain([True] * 4, itertools.repeat(False))

    async def store(session, messages):
        if next(failures):
            raise fault(Kind.UNAVAILABLE)
        kept.extend(message.data for message in messages)

    for number in range(5):
        await broker.jetstream.publish(interaction.subject(number), str(number).encode())
    subscription = RawSubscription(interaction.STREAM, interaction.ALL_SUBJECTS, "interactions", store)
    async with running(Consumer(runtime, subscription)):

        async def done():
            return await sequence() == 5

        await eventually(done)
    assert kept == [b"0", b"1", b"2", b"3", b"4"]
