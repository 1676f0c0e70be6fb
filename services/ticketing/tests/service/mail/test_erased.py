"""Who was erased and writes again begins anew: nothing is added to what was theirs."""

from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_ticketing.privacy import service as privacy
from sqlalchemy import text


@pytest.fixture
def forget(runtime):
    async def obey(customer_id):
        async with runtime.database.transaction() as session:
            return await privacy.forget(session, UUID(customer_id), now=clock.now())

    return obey


async def test_an_answer_to_a_ticket_of_who_was_erased_opens_one_of_nobody(
    client, open_ticket, customer, forget, taken, notes, shown
):
    key = await customer()
    ticket = await open_ticket(customer_id=key)
    thread = (await client.get(f"/v1/tickets/{ticket['id']}/mail-thread")).json()["thread"]
    ours = f"<{thread}.{ids.new_id()}@any.example>"
    assert (await taken("Re:", text="还没好", answers=ours))["outcome"] == "added"
    await forget(key)
    late = await taken("Re:", text="还是没好", answers=ours)
    assert late["outcome"] == "opened"
    assert (await shown(late))["customer_id"] is None
    assert await notes({"ticket_id": ticket["id"]}) == [("customer", "[erased]")]


async def test_a_ticket_that_comes_late_is_of_nobody_who_was_erased(open_ticket, customer, forget):
    key, unknown = await customer(), str(ids.new_id())
    await forget(key)
    assert (await open_ticket(customer_id=key))["customer_id"] is None
    assert (await open_ticket(customer_id=unknown))["customer_id"] == unknown


async def test_messages_without_a_ticket_are_not_known_by_the_sender_any_more(
    runtime, customer, forget, taken, deliver, message
):
    key = await customer()
    await taken(query={"customer_id": key})
    for sender in ("wei@example.com", "other@example.com"):
        ignored = await deliver(message("away", sender=sender, Auto_Submitted="auto-replied"))
        assert ignored.json()["ticket_id"] is None
    await forget(key)
    async with runtime.database.transaction() as session:
        known = text("SELECT count(*) FROM inbound_mail WHERE sender IS NOT NULL OR sender_index IS NOT NULL")
        assert await session.scalar(known) == 1
