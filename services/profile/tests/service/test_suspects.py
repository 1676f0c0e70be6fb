"""What states no time, or an impossible one, is stored under the time at which it came; sent again it is known all the same."""

import asyncio

import pytest
from careloop_common import clock
from careloop_profile.interactions import wire
from careloop_profile.interactions.policy import Row, message_uid
from careloop_profile.interactions.service import recording
from sqlalchemy import text

UID = message_uid(0, "crm", "m-1")


@pytest.fixture
def envelope(runtime):
    """`envelope(1, …)`: an interaction without a time, as it came at that second."""

    def make(second, **changes):
        blank = Row(UID, "", "", "", "hotline", "call", str(second * 1_000_000), "t", "", "", "{}")
        return wire.decode_envelope(wire.seal([blank._replace(**changes)], second * 1_000_000))

    return make


@pytest.fixture
def now():
    return int(clock.now().timestamp())


@pytest.fixture
def stored(runtime):
    async def count():
        async with runtime.database.transaction() as session:
            counted = "SELECT (SELECT count(*) FROM interaction), (SELECT count(*) FROM interaction_news)"
            return tuple((await session.execute(text(counted))).one())

    return count


async def test_two_workers_that_have_it_at_once_store_it_once(
    envelope, register, runtime, now, stored, eventually
):
    key = (await register(source="crm", external_id="A-1"))["customer_id"]

    async def work(session, second):
        envelopes = [envelope(second, customer_id=key)]
        await recording.record(session, envelopes, recording.KnownCustomers(), now=clock.now())

    async def other():
        async with runtime.database.transaction() as session:
            await work(session, now + 1)

    async with runtime.database.transaction() as session:
        await work(session, now)
        second = asyncio.create_task(other())

        async def came():
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return second.done() or await session.scalar(text(waiting))

        await eventually(came)
    await second
    assert await stored() == (1, 1)


async def test_it_is_once_there_when_the_first_one_waited_for_its_customer(
    envelope, register, runtime, now, stored
):
    index = runtime.vault.blind_index("phone", "+8613801234567")
    known = recording.KnownCustomers()

    async def come(second):
        async with runtime.database.transaction() as session:
            await recording.record(session, [envelope(second, blind_index=index)], known, now=clock.now())

    await come(now)
    assert await stored() == (0, 0)
    await register(phone="13801234567", name="王五")
    await come(now + 1)
    async with runtime.database.transaction() as session:
        ids = (await session.scalars(text("SELECT id FROM customer"))).all()
        await recording.attach(session, ids, now=clock.now())
    assert await stored() == (1, 1)
