"""The send ledger: every candidate one outcome, every person one budget, every message at most one ambiguous attempt."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from careloop_campaign.contact.policy import Purpose
from careloop_campaign.delivery.transport import Accepted, Lost, Rejected, Unavailable
from careloop_campaign.messages import deciding, settling
from careloop_common import clock
from careloop_contracts import (
    CustomerUpdatedV1,
    MessageFailedV1,
    MessageSentV1,
    MessageWithheldV1,
)


async def test_the_same_decision_twice_is_one_message(known, plan, ledger, drain, set_policy):
    await set_policy()
    (customer,) = await known()
    assert await plan(customer, occurrence="1") == 1
    assert await plan(customer, occurrence="1") == 0
    desk = await drain()
    assert await plan(customer, occurrence="1") == 0
    await drain(desk)
    assert len(desk.given) == len(await ledger()) == 1


async def test_two_workers_and_32_candidates_of_one_person_never_pass_the_cap(
    known, plan, drain, set_policy, outcomes
):
    await set_policy(caps=[{"hours": 24, "care": 2, "marketing": 1}])
    customers = await known(10)
    await asyncio.gather(*(plan(*customers) for _ in range(32)))
    desk = await drain(senders=8)
    per_customer = Counter(envelope.address for envelope in desk.given)
    assert set(per_customer.values()) == {2}
    assert await outcomes() == {("accepted", None): 20, ("withheld", "frequency_cap"): 300}


async def test_service_goes_first_is_counted_and_never_refused(
    known, plan, ledger, drain, set_policy, outcomes
):
    await set_policy(caps=[{"hours": 24, "care": 2, "marketing": 2}])
    (customer,) = await known()
    await plan(customer, customer, customer, purpose=Purpose.MARKETING)
    await plan(customer, customer, purpose=Purpose.CARE)
    await plan(customer, purpose=Purpose.SERVICE, template="callback_scheduled")
    await drain()
    rows = await ledger()
    sent = [row.purpose for row in rows if row.state == "accepted"]
    assert sorted(sent) == ["care", "service"]
    await plan(customer, customer, purpose=Purpose.SERVICE, template="callback_scheduled")
    await drain()
    assert await outcomes(purpose="service") == {("accepted", None): 3}


async def test_a_refused_message_gives_its_slot_back(
    known, plan, drain, set_policy, worker_running, published, eventually, outcomes, make_desk
):
    await set_policy(caps=[{"hours": 24, "care": 1, "marketing": 1}])
    (customer,) = await known()
    await plan(customer)
    await drain(make_desk(Rejected("smtp_550")))
    await plan(customer)
    await drain()
    assert await outcomes() == {("failed", None): 1, ("accepted", None): 1}
    async with worker_running():
        (failed,) = await eventually(lambda: published(MessageFailedV1))
        (sent,) = await eventually(lambda: published(MessageSentV1))
    assert (failed.error, failed.channel, sent.channel) == ("smtp_550", "email", "email")


async def test_consent_withdrawn_between_reservation_and_sending_stops_it(
    runtime, known, plan, ledger, drain, set_policy
):
    await set_policy()
    (customer,) = await known()
    await plan(customer)
    async with runtime.database.transaction() as session:
        assert await deciding.reserve(session, now=clock.now(), limit=10) == 1
    assert (await ledger())[0].slot_at is not None
    await known(customer_id=customer, version=2, consents=[])
    desk = await drain()
    assert desk.given == []
    (row,) = await ledger()
    assert (row.state, row.reason, row.slot_at) == ("withheld", "no_consent", None)


async def test_an_update_from_profile_reaches_the_next_decision(
    make_customer, known, plan, ledger, set_policy, publish, worker_running, eventually
):
    await set_policy()
    registered = make_customer()
    await known(customer_id=registered.customer_id)
    update = registered.model_dump() | {"version": 3, "do_not_disturb": True}
    stale = registered.model_dump() | {"version": 2}
    async with worker_running():
        await publish(CustomerUpdatedV1.model_validate(update))
        await publish(CustomerUpdatedV1.model_validate(stale))
        await publish(marker := make_customer())
        await plan(marker.customer_id)
        await eventually(lambda: ledger(customer_id=marker.customer_id, state="accepted"))
        await plan(registered.customer_id)
        await eventually(lambda: ledger(customer_id=registered.customer_id, reason="do_not_disturb"))


@pytest.mark.parametrize(
    ("customer", "reason"),
    [
        ({"do_not_disturb": True}, "do_not_disturb"),
        ({"status": "left"}, "customer_left"),
        ({"consents": []}, "no_consent"),
        ({"email": None, "phone": None}, "no_address"),
    ],
)
async def test_care_is_withheld_with_its_reason(
    known, plan, drain, set_policy, customer, reason, worker_running, published, eventually
):
    await set_policy()
    (customer_id,) = await known(**customer)
    await plan(customer_id)
    desk = await drain()
    assert desk.given == []
    async with worker_running():
        (event,) = await eventually(lambda: published(MessageWithheldV1))
    assert (event.reason, event.customer_id) == (reason, customer_id)


async def test_a_sender_killed_while_submitting_leaves_unknown_and_nobody_sends_again(
    runtime, known, plan, drain, set_policy, make_sender, expire_leases, outcomes, make_desk
):
    await set_policy()
    await plan(*await known(5))
    silent = make_desk()
    sending = asyncio.create_task(make_sender(silent).run(runtime))
    await silent.arrived.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert await outcomes() == {("submitting", None): 5}

    desk = await drain()
    assert await expire_leases() == 5
    await drain(desk)
    assert await outcomes() == {("unknown", None): 5}
    assert desk.given == []


async def test_a_service_message_without_an_answer_is_sent_once_more_and_marked(
    known, plan, ledger, drain, set_policy, make_desk
):
    await set_policy()
    (customer,) = await known()
    await plan(customer, purpose=Purpose.SERVICE, template="callback_scheduled")
    lost = await drain(make_desk(Lost("connection_lost")))
    first, second = lost.given
    assert first.message_id == second.message_id
    assert (first.possible_duplicate, second.possible_duplicate) == (False, True)
    (row,) = await ledger()
    assert (row.state, row.possible_duplicate, row.attempts) == ("unknown", True, 2)
    await drain(lost)
    assert len(lost.given) == 2


async def test_a_marketing_message_without_an_answer_is_not(
    known, plan, ledger, drain, set_policy, make_desk
):
    await set_policy()
    (customer,) = await known()
    await plan(customer, purpose=Purpose.MARKETING)
    lost = await drain(make_desk(Lost("connection_lost")))
    assert len(lost.given) == 1
    (row,) = await ledger()
    assert (row.state, row.detail) == ("unknown", "connection_lost")
    assert row.slot_at is not None


async def test_an_answer_that_comes_after_the_lease_still_counts(
    runtime, known, plan, ledger, set_policy, make_sender, expire_leases
):
    await set_policy()
    (customer,) = await known()
    await plan(customer)
    sender = make_sender()
    async with runtime.database.transaction() as session:
        await deciding.reserve(session, now=clock.now(), limit=10)
    async with runtime.database.transaction() as session:
        (submission,) = await deciding.submit(
            session, sender._composer, channels=("email",), now=clock.now(), limit=10
        )
    await expire_leases()
    assert (await ledger())[0].state == "unknown"
    async with runtime.database.transaction() as session:
        await settling.settle(session, [(submission, Accepted("late"))], now=clock.now())
    assert (await ledger())[0].state == "accepted"


async def test_a_channel_that_is_down_is_tried_again_until_it_is_up(
    known, plan, ledger, drain, set_policy, worker_running, eventually, delivered, monkeypatch, make_desk
):
    monkeypatch.setattr("careloop_campaign.messages.policy.BACKOFF", (timedelta(milliseconds=50),))
    await set_policy()
    (customer,) = await known()
    await plan(customer)
    await drain(make_desk(Unavailable("connection_lost")))
    (row,) = await ledger()
    assert (row.state, row.reason, row.slot_at) == ("deferred", "channel_unavailable", None)
    async with worker_running():
        await eventually(delivered)
        await eventually(lambda: ledger(state="accepted"))


async def test_a_transport_that_breaks_counts_as_no_answer(
    known, plan, drain, set_policy, outcomes, make_desk
):
    await set_policy()
    await plan(*await known(2))
    await drain(make_desk(RuntimeError("a bug")))
    assert await outcomes() == {("unknown", None): 2}
