import asyncio
from collections import Counter
from datetime import datetime

from careloop_common import clock
from careloop_common.plumbing import timer_history
from careloop_common.tokens import SYSTEM
from careloop_contracts import TicketSlaBreachedV1
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from sqlalchemy import select


async def test_the_etag_is_the_version_and_an_old_one_is_refused(client, open_ticket):
    ticket = await open_ticket()
    url = f"/v1/tickets/{ticket['id']}"
    etag = (await client.get(url)).headers["etag"]
    first = await client.post(f"{url}/respond", json={}, headers={"if-match": etag})
    assert (first.status_code, first.headers["etag"]) == (200, '"3"')
    second = await client.post(f"{url}/resolve", json={}, headers={"if-match": etag})
    assert (second.status_code, second.json()["code"]) == (412, "version_mismatch")
    assert second.json()["current_version"] == 3
    assert (await client.get(url)).json()["status"] == "handling"


async def test_of_many_writers_with_the_same_version_one_wins(client, open_ticket, facts):
    ticket = await open_ticket()
    url = f"/v1/tickets/{ticket['id']}/assign"
    answers = await asyncio.gather(
        *(
            client.post(url, json={"assignee_id": f"agent-{number}"}, headers={"if-match": '"2"'})
            for number in range(50)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 49}
    (won,) = (answer.json()["assignee_id"] for answer in answers if answer.status_code == 200)
    assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["assignee_id"] == won
    assert await facts(ticket) == ["opened", "classified", "assigned"]


async def test_one_act_that_is_sent_many_times_under_one_key_is_done_once_and_answered_alike(
    client, open_ticket, facts
):
    ticket = await open_ticket()
    url, headers = f"/v1/tickets/{ticket['id']}/assign", {"if-match": '"2"', "idempotency-key": "a1"}

    async def assign():
        return await client.post(url, json={"assignee_id": "li.na"}, headers=headers)

    at_once = Counter([answer.status_code for answer in await asyncio.gather(*(assign() for _ in range(20)))])
    assert at_once.keys() <= {200, 409}, "done, or still being done"
    later = [await assign() for _ in range(2)]
    assert {answer.status_code for answer in later} == {200}
    assert len({answer.text for answer in later}) == len({answer.headers["etag"] for answer in later}) == 1
    assert await facts(ticket) == ["opened", "classified", "assigned"]


async def test_without_if_match_every_write_counts(client, open_ticket, facts):
    ticket = await open_ticket()
    url = f"/v1/tickets/{ticket['id']}/notes"
    answers = await asyncio.gather(*(client.post(url, json={"text": f"第 {n} 条"}) for n in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["version"] for answer in answers) == [3, 4, 5, 6, 7, 8]
    assert (await facts(ticket))[2:] == ["noted"] * 6


async def test_people_and_the_timer_worker_do_not_lock_each_other_out(
    client, open_ticket, publish_policy, worker_running, eventually
):
    """Acts move timers while the worker takes steps of the same tickets: no deadlock, no step lost or doubled."""
    await publish_policy(first_response=1, resolution={"primary": 1, "intermediate": 2})
    tickets = [await open_ticket() for _ in range(4)]

    async def keep_busy(ticket):
        url = f"/v1/tickets/{ticket['id']}/classify"
        return [
            (await client.post(url, json={"tier": t, "reason": "misjudged"})).status_code
            for t in ("intermediate", "primary") * 8
        ]

    async def steps(ticket):
        url = f"/v1/tickets/{ticket['id']}/history"
        entries = (await client.get(url, params={"limit": 100})).json()["items"]
        return sorted(f"{e['after']['clock']} {e['after']['step']}" for e in entries if "step" in e["after"])

    async with worker_running():
        statuses = await asyncio.gather(*(keep_busy(ticket) for ticket in tickets))
        assert {status for each in statuses for status in each} == {200}
        for ticket in tickets:
            await eventually(lambda ticket=ticket: _all_climbed(steps, ticket))


async def _all_climbed(steps, ticket):
    silent = "resolution one_level_up"
    taken = await steps(ticket)
    # A step that waits for silence gives way to the breach, if the worker was so busy that it came to the reminder late.
    return taken.count(silent) <= 1 and [step for step in taken if step != silent] == [
        "first_response breach",
        "first_response reminder",
        "resolution breach",
        "resolution group_committee",
        "resolution regional_head",
        "resolution reminder",
    ]


async def test_a_step_that_is_due_while_somebody_holds_the_ticket_is_taken_afterwards(
    runtime, open_ticket, publish_policy, worker_running, published, eventually
):
    await publish_policy(first_response=1, resolution=3600)
    ticket = await open_ticket()

    due_at = datetime.fromisoformat(ticket["clocks"][0]["due_at"])

    async def worker_came():
        async with runtime.database.transaction() as session:
            came = select(timer_history.c.id).where(timer_history.c.fired_at > due_at)
            return (await session.scalars(came)).first()

    async with worker_running():
        async with runtime.database.transaction() as session:
            held = await tickets.lock(session, ticket["id"])
            await eventually(worker_came)
            case = tickets.Case(session, held, await sla.of(session, held.id), SYSTEM, clock.now())
            await tickets.respond(case, note=None)
            assert not await published(TicketSlaBreachedV1)
        breaches = await eventually(lambda: published(TicketSlaBreachedV1))
    assert [breach.clock for breach in breaches] == ["first_response"]
