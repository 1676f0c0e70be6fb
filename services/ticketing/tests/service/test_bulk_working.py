"""What a worker makes of a job: batch by batch, beside people and other workers, and never twice."""

import asyncio

import pytest
from careloop_common import clock
from careloop_contracts import TicketClassifiedV1
from careloop_ticketing.bulk import working
from careloop_ticketing.tickets import service as tickets
from sqlalchemy import text


@pytest.fixture
def refuse_in_database(runtime):
    """`await refuse_in_database(ticket)`: the database takes no change of this ticket any more."""

    async def refuse(ticket):
        async with runtime.database.transaction() as session:
            function = (
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$"
            )
            this = f"FOR EACH ROW WHEN (NEW.id = '{ticket['id']}')"
            await session.execute(text(function))
            await session.execute(
                text(f"CREATE TRIGGER refuse BEFORE UPDATE ON ticket {this} EXECUTE FUNCTION refuse()")
            )

    return refuse


@pytest.fixture
def shown(client):
    async def read(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}")).json()

    return read


async def test_the_worker_does_a_job_and_tells_others(
    open_ticket, ask_bulk, bulk_job, worker_running, eventually, published
):
    found = [await open_ticket() for _ in range(5)]
    job = await ask_bulk("classify", found, tier="advanced")

    async def told():
        return len(await published(TicketClassifiedV1)) == 2 * len(found)

    async with worker_running():
        await eventually(told)
    assert (await bulk_job(job))["counts"]["changed"] == len(found)


async def test_who_is_killed_midway_goes_on_where_it_was_and_nothing_is_done_twice(
    runtime, open_ticket, ask_bulk, work_bulk, bulk_job, shown, facts
):
    found = [await open_ticket() for _ in range(7)]
    job = await ask_bulk("assign", found, assignee_id="agent-7")
    await work_bulk(turns=1, limit=2)

    async def killed():
        async with runtime.database.transaction() as session:
            await working.advance(session, now=clock.now(), limit=2)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await killed()
    assert (await bulk_job(job))["counts"] | {"pending": 5, "changed": 2} == (await bulk_job(job))["counts"]
    await work_bulk(limit=2)
    assert (await bulk_job(job))["counts"]["changed"] == len(found)
    for ticket in found:
        assert (await shown(ticket))["version"] == 3
        assert (await facts(ticket)).count("assigned") == 1


async def test_two_workers_at_once_do_everything_once(runtime, open_ticket, ask_bulk, bulk_job, shown):
    found = [await open_ticket() for _ in range(12)]
    jobs = [await ask_bulk("note", found, text=f"第 {number} 次") for number in range(3)]

    async def worker():
        while True:
            async with runtime.database.transaction() as session:
                if not await working.advance(session, now=clock.now(), limit=2):
                    return

    await asyncio.gather(worker(), worker())
    await worker()
    assert [(await bulk_job(job))["counts"]["changed"] for job in jobs] == [12] * 3
    assert {(await shown(ticket))["version"] for ticket in found} == {2 + len(jobs)}


async def test_jobs_take_turns(open_ticket, ask_bulk, work_bulk, bulk_job):
    found = [await open_ticket() for _ in range(4)]
    long = await ask_bulk("note", found, text="长")
    short = await ask_bulk("note", found[:1], text="短")
    await work_bulk(turns=2, limit=2)
    assert (await bulk_job(long))["counts"]["changed"] == 2
    assert (await bulk_job(short))["state"] == "done"


async def test_people_go_on_working_on_the_same_tickets(
    client, runtime, open_ticket, ask_bulk, work_bulk, bulk_results, facts
):
    found = [await open_ticket() for _ in range(8)]
    job = await ask_bulk("assign", found, assignee_id="agent-7")

    async def write(ticket):
        url = f"/v1/tickets/{ticket['id']}/notes"
        return [(await client.post(url, json={"text": "在跟进"})).status_code for _ in range(4)]

    *statuses, _ = await asyncio.gather(*(write(ticket) for ticket in reversed(found)), work_bulk(limit=3))
    assert {status for each in statuses for status in each} == {201}
    assert set((await bulk_results(job)).values()) == {("changed", None)}
    for ticket in found:
        assert sorted((await facts(ticket))[2:]) == ["assigned", *["noted"] * 4]
        url = f"/v1/tickets/{ticket['id']}/history/verification"
        assert (await client.get(url)).json()["intact"]


async def test_a_ticket_in_somebodys_hands_holds_up_no_other_and_has_its_turn_after_them(
    runtime, open_ticket, ask_bulk, work_bulk, bulk_job, shown
):
    found = [await open_ticket() for _ in range(3)]
    job = await ask_bulk("assign", found, assignee_id="agent-7")

    async def holders():
        return [(await shown(ticket))["assignee_id"] for ticket in found]

    async with runtime.database.transaction() as session, asyncio.timeout(10):
        await tickets.lock(session, found[1]["id"])
        assert await work_bulk(turns=3, limit=2) == 3
        assert await holders() == ["agent-7", None, "agent-7"]
        assert (await bulk_job(job))["counts"]["pending"] == 1
    await work_bulk(limit=2)
    assert await holders() == ["agent-7"] * 3
    assert ((await bulk_job(job))["state"], (await bulk_job(job))["counts"]["changed"]) == ("done", 3)


async def test_an_item_that_breaks_harms_no_other(
    open_ticket, ask_bulk, work_bulk, bulk_results, refuse_in_database, shown
):
    found = [await open_ticket() for _ in range(5)]
    await refuse_in_database(found[2])
    job = await ask_bulk("assign", found, assignee_id="agent-7")
    await work_bulk()
    results = await bulk_results(job)
    assert results.pop(found[2]["id"]) == ("impossible", "act_failed")
    assert set(results.values()) == {("changed", None)}
    assert [(await shown(ticket))["version"] for ticket in found] == [3, 3, 2, 3, 3]


async def test_a_cancelled_job_leaves_the_rest_undone(
    client, open_ticket, ask_bulk, work_bulk, bulk_job, bulk_results, shown
):
    found = [await open_ticket() for _ in range(4)]
    job = await ask_bulk("assign", found, assignee_id="agent-7")
    await work_bulk(turns=1, limit=3)
    url = f"/v1/bulk-jobs/{job['id']}/cancel"
    cancelled = (await client.post(url)).json()
    assert (cancelled["state"], cancelled["counts"]["changed"], cancelled["counts"]["not_done"]) == (
        "cancelled",
        3,
        1,
    )
    assert (await client.post(url)).json() == cancelled
    assert await work_bulk() == 0
    assert sorted((await bulk_results(job)).values()) == [("changed", None)] * 3 + [("not_done", None)]
    assert sorted([(await shown(ticket))["version"] for ticket in found]) == [2, 3, 3, 3]
