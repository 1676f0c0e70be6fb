"""The send ledger: every candidate one outcome, every person one budget, every message at most one ambiguous attempt."""

import asyncio
from collections import Counter
from datetime import datetime, time, timedelta

import pytest
from careloop_campaign.contact.policy import Purpose
from careloop_campaign.delivery.transport import Accepted, Lost, Rejected, Unavailable
from careloop_campaign.messages import deciding, settling
from careloop_campaign.messages.policy import LEASE
from careloop_campaign.messages.sender import Sender
from careloop_common import clock, ids
from careloop_contracts import (
    CustomerUpdatedV1,
    MessageFailedV1,
    MessageSentV1,
    MessageWithheldV1,
    TicketOpenedV1,
    TicketSatisfactionRequestedV1,
)


class Desk:
    """A transport that notes what it is given and answers as it is told; without an answer it keeps silent."""

    def __init__(self, answer=None):
        self.answer = answer
        self.given = []
        self.arrived = asyncio.Event()

    async def send(self, envelope):
        self.given.append(envelope)
        self.arrived.set()
        if self.answer is None:
            await asyncio.Event().wait()
        return self.answer

    async def close(self):
        """Nothing is held open."""


@pytest.fixture
def make_sender(runtime):
    def make(transport=None):
        return Sender(runtime, transport or Desk(Accepted("desk")), channels=("email", "sms"), batch=100)

    return make


@pytest.fixture
def drain(runtime, make_sender):
    """Turn senders until there is nothing to do; returns the transport."""

    async def turn(transport=None, senders=1):
        transport = transport or Desk(Accepted("desk"))

        async def work():
            sender = make_sender(transport)
            while await sender.run(runtime):
                pass

        await asyncio.gather(*(work() for _ in range(senders)))
        return transport

    return turn


@pytest.fixture
def expire_leases(runtime):
    """What a sender does that comes by after every lease is over."""

    async def expire():
        async with runtime.database.transaction() as session:
            later = clock.now() + LEASE + timedelta(seconds=1)
            return await settling.expire_leases(session, now=later, limit=100)

    return expire


def outcomes(rows):
    return Counter((row.state, row.reason) for row in rows)


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
    known, plan, ledger, drain, set_policy
):
    await set_policy(caps=[{"hours": 24, "care": 2, "marketing": 1}])
    customers = await known(10)
    await asyncio.gather(*(plan(*customers) for _ in range(32)))
    desk = await drain(senders=8)
    per_customer = Counter(envelope.address for envelope in desk.given)
    assert set(per_customer.values()) == {2}
    assert outcomes(await ledger()) == {("accepted", None): 20, ("withheld", "frequency_cap"): 300}


async def test_service_goes_first_is_counted_and_never_refused(known, plan, ledger, drain, set_policy):
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
    assert outcomes(await ledger(purpose="service")) == {("accepted", None): 3}


async def test_a_refused_message_gives_its_slot_back(
    known, plan, ledger, drain, set_policy, worker_running, published, eventually
):
    await set_policy(caps=[{"hours": 24, "care": 1, "marketing": 1}])
    (customer,) = await known()
    await plan(customer)
    await drain(Desk(Rejected("smtp_550")))
    await plan(customer)
    await drain()
    assert outcomes(await ledger()) == {("failed", None): 1, ("accepted", None): 1}
    async with worker_running():
        (failed,) = await eventually(lambda: published(MessageFailedV1))
        (sent,) = await eventually(lambda: published(MessageSentV1))
    assert (failed.error, failed.channel, sent.channel) == ("smtp_550", "email", "email")


async def test_consent_withdrawn_between_reservation_and_sending_stops_it(
    runtime, make_customer, known, plan, ledger, drain, set_policy
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
    runtime, known, plan, ledger, drain, set_policy, make_sender, expire_leases
):
    await set_policy()
    await plan(*await known(5))
    silent = Desk()
    sending = asyncio.create_task(make_sender(silent).run(runtime))
    await silent.arrived.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert outcomes(await ledger()) == {("submitting", None): 5}

    desk = await drain()
    assert await expire_leases() == 5
    await drain(desk)
    assert outcomes(await ledger()) == {("unknown", None): 5}
    assert desk.given == []


async def test_a_service_message_without_an_answer_is_sent_once_more_and_marked(
    known, plan, ledger, drain, set_policy, expire_leases
):
    await set_policy()
    (customer,) = await known()
    await plan(customer, purpose=Purpose.SERVICE, template="callback_scheduled")
    lost = await drain(Desk(Lost("connection_lost")))
    first, second = lost.given
    assert first.message_id == second.message_id
    assert (first.possible_duplicate, second.possible_duplicate) == (False, True)
    (row,) = await ledger()
    assert (row.state, row.possible_duplicate, row.attempts) == ("unknown", True, 2)
    await drain(lost)
    assert len(lost.given) == 2


async def test_a_marketing_message_without_an_answer_is_not(known, plan, ledger, drain, set_policy):
    await set_policy()
    (customer,) = await known()
    await plan(customer, purpose=Purpose.MARKETING)
    lost = await drain(Desk(Lost("connection_lost")))
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
    known, plan, ledger, drain, set_policy, worker_running, eventually, delivered, monkeypatch
):
    monkeypatch.setattr("careloop_campaign.messages.policy.BACKOFF", (timedelta(milliseconds=50),))
    await set_policy()
    (customer,) = await known()
    await plan(customer)
    await drain(Desk(Unavailable("connection_lost")))
    (row,) = await ledger()
    assert (row.state, row.reason, row.slot_at) == ("deferred", "channel_unavailable", None)
    async with worker_running():
        await eventually(delivered)
        await eventually(lambda: ledger(state="accepted"))


async def test_a_transport_that_breaks_counts_as_no_answer(known, plan, ledger, drain, set_policy):
    class Broken(Desk):
        async def send(self, envelope):
            raise RuntimeError(envelope.subject)

    await set_policy()
    await plan(*await known(2))
    await drain(Broken())
    assert outcomes(await ledger()) == {("unknown", None): 2}


def around(moment, *, before, after):
    """A span of the wall clock of UTC around a moment."""
    start, end = moment - before, moment + after
    return {"start": start.time().isoformat("seconds"), "end": end.time().isoformat("seconds")}


async def test_quiet_hours_defer_and_the_timer_brings_the_message_back(
    known, plan, ledger, drain, set_policy, worker_running, eventually, delivered
):
    now = clock.now()
    quiet = around(now, before=timedelta(hours=1), after=timedelta(seconds=3))
    await set_policy(quiet_hours=quiet, timezone="UTC")
    (customer,) = await known()
    await plan(customer)
    desk = await drain()
    assert desk.given == []
    (row,) = await ledger()
    assert (row.state, row.reason) == ("deferred", "quiet_hours")
    end = datetime.combine(
        row.deferred_until.date(), time.fromisoformat(quiet["end"]), row.deferred_until.tzinfo
    )
    assert row.deferred_until == end
    async with worker_running():
        await eventually(lambda: ledger(state="accepted"))
    assert clock.now() >= end
    assert len(delivered()) == 1


async def test_a_message_that_expires_in_quiet_hours_does_not_arrive_in_the_morning(
    known, plan, ledger, drain, set_policy
):
    now = clock.now()
    await set_policy(
        quiet_hours=around(now, before=timedelta(hours=1), after=timedelta(hours=2)), timezone="UTC"
    )
    (customer,) = await known()
    await plan(customer, expires_at=now + timedelta(hours=1))
    await drain()
    assert outcomes(await ledger()) == {("withheld", "quiet_hours"): 1}


async def test_a_new_policy_counts_for_what_is_deferred_already(
    known, plan, ledger, drain, set_policy, worker_running, eventually
):
    """Waking up is no permission: the rules of that moment decide."""
    now = clock.now()
    quiet = around(now, before=timedelta(hours=1), after=timedelta(seconds=2))
    await set_policy(quiet_hours=quiet, timezone="UTC")
    (customer,) = await known()
    await plan(customer)
    await drain()
    await set_policy(caps=[{"hours": 24, "care": 0, "marketing": 0}])
    async with worker_running():
        await eventually(lambda: ledger(state="withheld", reason="frequency_cap"))


async def test_a_complaint_is_acknowledged_at_night_and_satisfaction_asked_once_per_request(
    make_customer, set_policy, publish, worker_running, eventually, ledger, delivered
):
    now = clock.now()
    quiet = around(now, before=timedelta(hours=1), after=timedelta(hours=3))
    await set_policy(quiet_hours=quiet, timezone="UTC")
    customer = make_customer(consents=[], language="en-GB", care_flags=["elderly"])
    ticket_id, request = ids.new_id(), ids.new_id()
    asked = TicketSatisfactionRequestedV1(
        ticket_id=ticket_id,
        customer_id=customer.customer_id,
        channel="sms",
        expires_at=now + timedelta(days=3),
    )
    async with worker_running():
        await publish(customer)
        await publish(
            TicketOpenedV1(
                ticket_id=ticket_id,
                number="T-42",
                customer_id=customer.customer_id,
                kind="complaint",
                channel="web",
                opened_at=now,
            )
        )
        await eventually(lambda: ledger(template="complaint_acknowledged", state="accepted"))
        await publish(asked, event_id=request)
        await publish(asked, event_id=request)
        await eventually(lambda: ledger(template="satisfaction_question", state="deferred"))
    assert len(await ledger()) == 2
    (line,) = delivered()
    assert "T-42" in line["text"]
    assert line["text"].startswith("Dear 王小明")
    assert "We got your message" in line["text"]
    assert "List-Unsubscribe" not in line["headers"]


async def test_an_old_complaint_is_not_acknowledged(
    make_customer, publish, worker_running, eventually, ledger
):
    customer = make_customer()
    async with worker_running():
        await publish(customer)
        await publish(
            TicketOpenedV1(
                ticket_id=ids.new_id(),
                number="T-1",
                customer_id=customer.customer_id,
                kind="complaint",
                channel="web",
                opened_at=clock.now() - timedelta(days=30),
            )
        )
        await eventually(lambda: ledger(state="withheld", reason="expired"))


async def test_the_list_masks_addresses_unless_the_caller_may_see_them(
    known, plan, drain, set_policy, client_as
):
    await set_policy()
    (customer,) = await known(email="zhang.wei@example.com")
    await plan(customer)
    await drain()
    for scopes, contact in (
        (("messages:read",), "z***@example.com"),
        (("messages:read", "customers:personal"), "zhang.wei@example.com"),
    ):
        (item,) = (await client_as(*scopes).get("/v1/messages")).json()["items"]
        assert item["contact"] == contact
        assert item["state"] == "accepted"
        assert (item["language"], item["variant"], item["template_version"]) == ("zh", "standard", 1)


async def test_the_summary_counts_by_outcome_and_reason(known, plan, drain, set_policy, client, ledger):
    await set_policy(caps=[{"hours": 24, "care": 1, "marketing": 1}])
    (fine,) = await known()
    (silent,) = await known(do_not_disturb=True)
    await plan(fine, fine, silent)
    await drain()
    await plan(ids.new_id())
    summary = (await client.get("/v1/message-summary")).json()
    assert summary == {
        "planned": 4,
        "sent": 1,
        "withheld": 2,
        "failed": 0,
        "unknown": 0,
        "waiting": 1,
        "withheld_by_reason": {"frequency_cap": 1, "do_not_disturb": 1},
        "deferred_by_reason": {},
        "sent_by_purpose": {"care": 1},
    }
    later = (await client.get("/v1/message-summary", params={"since": "2199-01-01T00:00:00Z"})).json()
    assert later["planned"] == 0


async def test_filters_and_pages_of_the_list(known, plan, drain, set_policy, client):
    await set_policy(caps=[])
    (customer,) = await known()
    (other,) = await known(do_not_disturb=True)
    await plan(*[customer] * 5, other)
    await drain()
    page = (await client.get("/v1/messages", params={"customer_id": str(customer), "limit": 3})).json()
    rest = (
        await client.get(
            "/v1/messages", params={"customer_id": str(customer), "limit": 3, "cursor": page["next_cursor"]}
        )
    ).json()
    assert len({item["message_id"] for item in page["items"] + rest["items"]}) == 5
    assert rest["next_cursor"] is None
    (withheld,) = (await client.get("/v1/messages", params={"reason": "do_not_disturb"})).json()["items"]
    assert (withheld["state"], withheld["contact"]) == ("withheld", None)
    assert (await client.get("/v1/messages", params={"state": "sent"})).status_code == 422
