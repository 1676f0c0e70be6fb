"""What the ledger shows, and the messages that follow complaints."""

from datetime import timedelta

from careloop_campaign.complaints.models import Complaint
from careloop_common import clock, ids
from careloop_contracts import (
    TicketOpenedV1,
    TicketSatisfactionRequestedV1,
)
from sqlmodel import select


async def test_a_complaint_is_acknowledged_at_night_and_satisfaction_asked_once_per_request(
    make_customer, set_policy, publish, worker_running, eventually, ledger, delivered, around
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


async def test_a_machine_that_complains_is_not_answered_by_a_machine(
    make_customer, publish, worker_running, eventually, ledger, session
):
    async def complaint(number):
        return await session.scalar(select(Complaint).filter_by(number=number))

    customer = make_customer()
    about = {"customer_id": customer.customer_id, "kind": "complaint", "channel": "web"}
    async with worker_running():
        await publish(customer)
        for number, acknowledge in (("T-1", False), ("T-2", True)):
            opened = {"ticket_id": ids.new_id(), "number": number, "opened_at": clock.now()}
            await publish(TicketOpenedV1(**opened, **about, acknowledge=acknowledge))
            await eventually(lambda number=number: complaint(number))
        await eventually(lambda: ledger(template="complaint_acknowledged", state="accepted"))
    assert len(await ledger()) == 1


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


async def test_the_summary_counts_by_outcome_and_reason(known, plan, drain, set_policy, client):
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
