"""Of customers who refused automated decisions, people decide what a complaint is; rules do not."""

import pytest
from careloop_common import clock
from careloop_ticketing.customers import service as customers
from sqlalchemy import text

GRAVE = "宽带断网第三次了，再不解决我就去工信部投诉"
IN_DANGER = "我不想活了，再这样我就自杀"


@pytest.fixture
def refusing(session, customer_registered, runtime):
    """`await refusing()`: the id of a customer who refused automated decisions."""

    async def make(refuses=True):
        event = customer_registered(automated_decisions=not refuses)
        state = {
            "id": event.customer_id,
            "updated_at": clock.now(),
            "version": 1,
            "source": "crm",
            "external_id": None,
            "status": "active",
            "region": None,
            "language": None,
            "vip": False,
            "automated_decisions": event.automated_decisions,
        }
        async with runtime.database.transaction() as own:
            await customers.replicate(own, [state])
        return str(event.customer_id)

    return make


async def test_a_ticket_of_theirs_waits_for_a_person_to_classify_it(client, open_ticket, refusing):
    usual = await open_ticket(subject=GRAVE, customer_id=await refusing(refuses=False))
    ticket = await open_ticket(subject=GRAVE, customer_id=await refusing())
    assert (usual["classified_by"], usual["emotion"], usual["product"]) == ("rules", "angry", "broadband")
    assert (ticket["classified_by"], ticket["emotion"], ticket["product"]) == ("nobody", "calm", None)
    assert (ticket["tier"], ticket["severity"]) == ("primary", "normal")
    body = {"product": "broadband", "emotion": "angry", "tier": "advanced"}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/classify", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["classified_by"] not in {"nobody", "rules"}


async def test_who_is_in_danger_is_found_whatever_they_refused(open_ticket, refusing):
    ticket = await open_ticket(subject=IN_DANGER, customer_id=await refusing())
    assert (ticket["emotion"], ticket["classified_by"], ticket["tier"]) == ("extreme", "nobody", "primary")


async def test_a_message_of_theirs_is_not_judged_either(act, open_ticket, refusing):
    ticket = await open_ticket(subject="你好", customer_id=await refusing())
    assert (await act(ticket, "messages", text=GRAVE))["emotion"] == "calm"
    assert (await act(ticket, "messages", text=IN_DANGER))["emotion"] == "extreme"


async def test_nothing_is_learnt_from_corrections_of_what_nobody_suggested(
    client, open_ticket, refusing, session
):
    ticket = await open_ticket(subject=GRAVE, customer_id=await refusing())
    await client.post(f"/v1/tickets/{ticket['id']}/classify", json={"tier": "advanced"})
    assert await session.scalar(text("SELECT rule_set FROM classification_correction")) is None
