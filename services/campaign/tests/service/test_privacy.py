"""What is sealed under keys of customers, and who wants to be forgotten."""

import pytest
from careloop_campaign.messages.policy import State
from careloop_campaign.unsubscribe import service as unsubscribe
from careloop_campaign.unsubscribe.policy import Ticket
from careloop_common import clock, ids, subject_keys
from careloop_common.messaging import key_exchange
from careloop_common.privacy import Vault
from careloop_contracts import (
    CampaignCustomerErasedV1,
    CustomerErasedV1,
    CustomerUnsubscribedV1,
    TicketOpenedV1,
)
from sqlalchemy import text

TABLES = ("audience_member", "message", "care_task", "suppression", "contact_budget")


@pytest.fixture
def profile(runtime):
    """Profile, as far as it makes keys: a vault of the same ring, and who answers for it."""
    vault = Vault(runtime.settings.data_keys.get_secret_value())
    wrapped = {}

    class Profile:
        asked = 0

        def seal(self, customer_id, field, value):
            if customer_id not in wrapped:
                wrapped[customer_id] = vault.new_key(customer_id)
                vault.hold(customer_id, wrapped[customer_id])
            return vault.seal(customer_id, field, value)

        async def answer(self):
            async def give(asked):
                self.asked += 1
                wanted = key_exchange._IDS.decode(asked)
                return key_exchange.msgspec.json.encode(
                    {one: wrapped[one] for one in wanted if one in wrapped}
                )

            await runtime.bus.answer(key_exchange.SUBJECT, give)

    return Profile()


@pytest.fixture
def sealed(profile, known):
    """`await sealed()`: somebody in the replica whose contact is sealed under a key of his own."""

    async def put(**overrides):
        key = ids.new_id()
        contact = {
            "name": profile.seal(key, "name", "王五"),
            "phone": profile.seal(key, "phone", "+8613812345678"),
            "email": profile.seal(key, "email", "wang@example.com"),
        }
        await known(customer_id=key, contact=contact, **overrides)
        return key

    return put


async def test_a_key_is_asked_for_once_and_opens_what_is_to_be_sent(
    sealed, profile, plan, drain, set_policy, ledger
):
    await set_policy(caps=[])
    key = await sealed()
    await profile.answer()
    for _ in range(2):
        await plan(key)
        desk = await drain()
        [envelope] = desk.given
        assert envelope.address in {"wang@example.com", "+8613812345678"}
    assert {row.state for row in await ledger()} == {State.ACCEPTED}
    assert profile.asked == 1


async def test_as_long_as_nobody_gives_out_the_key_a_message_waits(
    sealed, profile, plan, drain, set_policy, ledger
):
    await set_policy()
    key = await sealed()
    await plan(key)
    assert (await drain()).given == []
    [row] = await ledger()
    assert (row.state, row.reason, row.attempts) == (State.DEFERRED, "channel_unavailable", 0)


async def test_what_is_forgotten_is_gone_and_the_service_says_so(
    sealed, profile, plan, set_policy, runtime, publish, published, worker_running, eventually, make_customer
):
    await set_policy()
    key, request_id = await sealed(), ids.new_id()
    await plan(key)
    await profile.answer()
    await key_exchange.obtain(runtime, [key])
    async with worker_running():
        await publish(CustomerErasedV1(customer_id=key, request_id=request_id, at=clock.now()))

        async def told():
            return await published(CampaignCustomerErasedV1)

        [event] = await eventually(told)
        assert (event.customer_id, event.request_id, event.done["audience_member"]) == (key, request_id, 1)
        late, other = make_customer(customer_id=key, version=9), make_customer()
        await publish(late)
        await publish(other)
        await eventually(lambda: _count(runtime, "audience_member", other.customer_id))
    for table in TABLES:
        assert await _count(runtime, table, key) == 0
    async with runtime.database.transaction() as session:
        assert await subject_keys.destroyed(session, [key]) == {key}
        assert await subject_keys.wrapped(session, [key]) == {}


async def test_what_comes_late_about_who_was_forgotten_leaves_nothing(
    client, make_warning, published, publish, runtime, worker_running, eventually
):
    gone, other = ids.new_id(), ids.new_id()
    async with worker_running():
        await publish(CustomerErasedV1(customer_id=gone, request_id=ids.new_id(), at=clock.now()))
        await eventually(lambda: published(CampaignCustomerErasedV1))
        for key in (gone, other):
            link = unsubscribe.link(runtime.vault, "", Ticket(key, ids.new_id(), "marketing", "email"))
            assert (await client.post(link)).status_code == 200
            await publish(_opened(key))
            await publish(make_warning(key))
        await eventually(lambda: _count(runtime, "care_task", other))
        await eventually(lambda: _count(runtime, "complaint", other))
        [event] = await eventually(lambda: published(CustomerUnsubscribedV1))
    for table in (*TABLES, "complaint"):
        assert await _count(runtime, table, gone) == 0, table
    assert await _count(runtime, "suppression", other) == 1
    assert event.customer_id == other


def _opened(customer_id):
    return TicketOpenedV1(
        ticket_id=ids.new_id(),
        number="T-1",
        customer_id=customer_id,
        kind="complaint",
        channel="web",
        opened_at=clock.now(),
    )


async def _count(runtime, table, customer_id):
    async with runtime.database.transaction() as session:
        counted = text(f"SELECT count(*) FROM {table} WHERE customer_id = :id")
        return await session.scalar(counted, {"id": customer_id})
