"""Who wants to be forgotten leaves tickets behind in which nothing is written."""

import pytest
from careloop_common import clock, ids
from careloop_contracts import CustomerErasedV1, CustomerRegisteredV1, TicketCustomerErasedV1
from careloop_ticketing.history import service as history
from careloop_ticketing.history.service import Tally
from sqlalchemy import text

WORDS = "欧阳靖海住在科苑路"


@pytest.fixture
def forget(publish, published, eventually):
    """`await forget(customer_id)`: profile says so, and ticketing has obeyed."""

    async def say(customer_id):
        request_id = ids.new_id()
        await publish(CustomerErasedV1(customer_id=customer_id, request_id=request_id, at=clock.now()))

        async def told():
            return [one for one in await published(TicketCustomerErasedV1) if one.request_id == request_id]

        [event] = await eventually(told)
        return event

    return say


async def test_nothing_that_was_written_can_be_read_or_found(
    client, runtime, open_ticket, act, customer, forget, worker_running, eventually
):
    key = await customer(external_id="A-1")
    mine = await open_ticket(subject=WORDS, description=WORDS, customer_id=key, external_ref="R-1")
    by_name = await open_ticket(subject=WORDS, customer={"source": "crm", "external_id": "A-1"})
    other = await open_ticket(subject="别人的事")
    await act(mine, "notes", text=WORDS)
    await _attach(client, mine)
    assert len(await _found(client)) == 2
    async with worker_running():
        event = await forget(key)
    assert event.done["ticket"] == 2
    assert await _found(client) == []
    for ticket in (mine, by_name):
        shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        assert (shown["subject"], shown["description"]) == ("[erased]", "[erased]")
    assert (await client.get(f"/v1/tickets/{mine['id']}/attachments")).json()["items"] == []
    assert (await client.get(f"/v1/tickets/{other['id']}")).json()["subject"] == "别人的事"
    assert await _readable(runtime, WORDS[:4]) == []


async def test_histories_verify_as_before(runtime, open_ticket, act, customer, forget, worker_running):
    key = await customer()
    ticket = await open_ticket(subject=WORDS, customer_id=key)
    await act(ticket, "respond", note=WORDS)
    async with worker_running():
        await forget(key)
    async with runtime.database.transaction() as session:
        assert [str(one) async for one in history.verify(session, Tally())] == []


async def test_what_comes_late_brings_nobody_back(
    runtime, publish, customer, forget, worker_running, eventually
):
    key = await customer()
    async with worker_running():
        await forget(key)
        late, other = _registered(key), _registered(ids.new_id())
        await publish(late)
        await publish(other)
        await eventually(lambda: _known(runtime, other.customer_id))
    assert not await _known(runtime, key)


def _registered(customer_id):
    return CustomerRegisteredV1(
        customer_id=customer_id, version=9, kind="individual", source="crm", status="active"
    )


async def _known(runtime, customer_id):
    async with runtime.database.transaction() as session:
        return await session.scalar(text("SELECT count(*) FROM customer WHERE id = :id"), {"id": customer_id})


async def _found(client):
    answer = await client.get("/v1/tickets", params={"q": WORDS[:4]})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def _attach(client, ticket):
    answer = await client.post(
        f"/v1/tickets/{ticket['id']}/attachments",
        content=WORDS.encode(),
        headers={"content-type": "text/plain"},
        params={"name": "欧阳靖海.txt"},
    )
    assert answer.status_code in {200, 201}, answer.text


async def _readable(runtime, word):
    """The tables in which the word can be read."""
    found = []
    async with runtime.database.transaction() as session:
        tables = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in tables:
            rows = text(f'SELECT count(*) FROM "{table}" AS t WHERE position(:word IN CAST(t AS text)) > 0')
            if await session.scalar(rows, {"word": word}):
                found.append(table)
    return found
