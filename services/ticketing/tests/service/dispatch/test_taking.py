"""People take tickets out of the line and put them back; who goes home or has left hands theirs over."""

import asyncio
from collections import Counter
from datetime import timedelta

from careloop_common import clock
from careloop_ticketing.dispatch.service import dispatching
from careloop_ticketing.dispatch.service.dispatching import Walk

NOWHERE = "00000000-0000-7000-8000-000000000000"
READ, WRITE = "tickets:read", "tickets:write"


async def test_two_workers_and_people_who_help_themselves_never_overfill_anybody(
    agent, open_ticket, work, client, client_as, session
):
    names = ["ai", "bo", "cai", "deng"]
    for name in names:
        await agent(name, capacity=5)
    tickets = [await open_ticket() for _ in range(30)]
    await agent("ai", capacity=4)

    async def help_oneself(name):
        own = client_as(READ, WRITE, actor_id=name)
        answers = [await own.post(f"/v1/tickets/{ticket['id']}/take") for ticket in tickets[::-3]]
        return {answer.status_code for answer in answers}

    statuses = await asyncio.gather(
        work(Walk(batch=3)), work(Walk(batch=7)), *(help_oneself(name) for name in names)
    )
    assert set().union(*statuses[2:]) <= {200, 409}
    await work()
    shown = [(await client.get(f"/v1/tickets/{ticket['id']}")).json() for ticket in tickets]
    assert Counter(one["assignee_id"] for one in shown) == {"ai": 4, "bo": 5, "cai": 5, "deng": 5, None: 11}
    for one in shown:
        history = (await client.get(f"/v1/tickets/{one['id']}/history")).json()["items"]
        assert len([entry for entry in history if entry["fact"] == "assigned"]) == (
            one["assignee_id"] is not None
        )


async def test_an_agent_takes_a_ticket_and_whoever_comes_later_is_told(agent, open_ticket, client_as, facts):
    await agent("wang", capacity=1)
    await agent("li")
    wang, li = (client_as(READ, WRITE, actor_id=name) for name in ("wang", "li"))
    ticket, other = await open_ticket(), await open_ticket()
    url = f"/v1/tickets/{ticket['id']}/take"
    taken = await wang.post(url)
    assert (taken.status_code, taken.json()["assignee_id"]) == (200, "wang")
    assert (await wang.post(url)).json()["version"] == taken.json()["version"], "again, nothing happens"
    late = await li.post(url)
    assert (late.status_code, late.json()["code"], late.json()["assignee_id"]) == (
        409,
        "ticket_taken",
        "wang",
    )
    full = await wang.post(f"/v1/tickets/{other['id']}/take")
    assert (full.status_code, full.json()["code"], full.json()["because"]) == (
        409,
        "ticket_not_for_agent",
        "full",
    )
    assert await facts(ticket) == ["opened", "classified", "assigned"]
    assert await facts(other) == ["opened", "classified"]


async def test_who_takes_a_ticket_has_it_at_the_level_at_which_the_line_gives_it(
    agent, open_ticket, client_as, route, work, client
):
    await agent("li", level="expert")
    await route({"name": "hard", "level": "expert"})
    taken = await open_ticket()
    found = await client_as(READ, WRITE, actor_id="li").post(f"/v1/tickets/{taken['id']}/take")
    given = await open_ticket()
    await work()
    shown = (await client.get(f"/v1/tickets/{given['id']}")).json()
    assert (shown["assignee_id"], shown["level"]) == ("li", "expert")
    assert (found.json()["assignee_id"], found.json()["level"]) == ("li", "expert")


async def test_who_may_not_take_a_ticket(agent, open_ticket, client_as, act, client):
    await agent("wang")
    await agent("gone", active=False)
    wang, gone, guest = (client_as(READ, WRITE, actor_id=name) for name in ("wang", "gone", "guest"))
    advanced = await open_ticket(subject="电池起火")
    plain = await open_ticket()
    answers = [
        await wang.post(f"/v1/tickets/{advanced['id']}/take"),
        await gone.post(f"/v1/tickets/{plain['id']}/take"),
        await guest.post(f"/v1/tickets/{plain['id']}/take"),
        await wang.post(f"/v1/tickets/{NOWHERE}/take"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (409, "ticket_not_for_agent"),
        (409, "ticket_not_for_agent"),
        (404, "agent_not_found"),
        (404, "ticket_not_found"),
    ]
    assert [one.json()["because"] for one in answers[:2]] == ["level", "off_duty"]
    await act(plain, "cancel", reason="withdrawn")
    late = await wang.post(f"/v1/tickets/{plain['id']}/take")
    assert (late.status_code, late.json()["code"]) == (409, "transition_impossible")
    seen = await wang.post(f"/v1/tickets/{advanced['id']}/take", headers={"if-match": '"1"'})
    assert seen.status_code == 412


async def test_what_somebody_puts_back_goes_to_somebody_else(
    agent, open_ticket, work, client_as, holder, last_entry, client
):
    await agent("wang")
    ticket = await open_ticket()
    await work()
    wang, li = (client_as(READ, WRITE, actor_id=name) for name in ("wang", "li"))
    url = f"/v1/tickets/{ticket['id']}/release"
    refused = await li.post(url)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert (await wang.post(url)).json()["assignee_id"] is None
    entry = await last_entry(ticket)
    assert (entry["fact"], entry["actor_id"]) == ("released", "wang")
    assert (entry["before"]["assignee_id"], entry["after"]["assignee_id"]) == ("wang", None)
    again = await client.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "ticket_not_held")
    await work()
    assert await holder(ticket) is None, "who gave it back does not get it again"
    asked = (await client.get(f"/v1/tickets/{ticket['id']}/dispatch")).json()
    assert asked["obstacle"] == "gave_back"
    await agent("li")
    await work()
    assert await holder(ticket) == "li"


async def test_a_supervisor_puts_back_all_that_somebody_has(agent, open_ticket, work, client, holder):
    await agent("wang")
    tickets = [await open_ticket() for _ in range(3)]
    await work()
    await agent("li")
    answer = await client.post("/v1/agents/wang/release")
    assert (answer.status_code, answer.json()) == (200, {"released": 3})
    await work()
    assert {await holder(one) for one in tickets} == {"li"}
    assert (await client.post("/v1/agents/nobody/release")).json()["code"] == "agent_not_found"


async def test_what_is_in_hand_when_a_shift_ends_goes_back_if_it_is_so_agreed(
    agent, open_ticket, work, client, runtime, holder, last_entry
):
    now = clock.now()
    for name, hands_over in (("keeps", False), ("wang", True)):
        await agent(name, hands_over=hands_over, capacity=1)
        shift = {"starts_at": _iso(now - timedelta(hours=1)), "ends_at": _iso(now + timedelta(hours=1))}
        assert (await client.post(f"/v1/agents/{name}/shifts", json={"items": [shift]})).status_code == 201
    tickets = [await open_ticket() for _ in range(2)]
    await work()
    by = {await holder(one): one for one in tickets}
    assert set(by) == {"keeps", "wang"}

    async def hand_over(at):
        async with runtime.database.transaction() as session:
            await dispatching.hand_over(session, now=at)

    await hand_over(now)
    assert {await holder(one) for one in tickets} == {"keeps", "wang"}
    await hand_over(now + timedelta(hours=2))
    assert [await holder(by[name]) for name in ("keeps", "wang")] == ["keeps", None]
    entry = await last_entry(by["wang"])
    assert (entry["fact"], entry["after"]["because"]) == ("released", "off_duty")
    await work(now=now + timedelta(hours=2))
    assert await holder(by["wang"]) is None, "nobody is on duty"
    await work()
    assert await holder(by["wang"]) == "wang", "who went home gets it again when they are back"


async def test_who_would_not_keep_a_ticket_after_their_shift_is_told_so_when_they_take_it(
    agent, open_ticket, client, client_as
):
    over = {
        "starts_at": _iso(clock.now() - timedelta(hours=9)),
        "ends_at": _iso(clock.now() - timedelta(hours=1)),
    }
    ticket, answers = await open_ticket(), []
    for name, hands_over in (("wang", True), ("keeps", False)):
        await agent(name, hands_over=hands_over)
        assert (await client.post(f"/v1/agents/{name}/shifts", json={"items": [over]})).status_code == 201
        answers.append(await client_as(READ, WRITE, actor_id=name).post(f"/v1/tickets/{ticket['id']}/take"))
    assert [one.status_code for one in answers] == [409, 200]
    assert (answers[0].json()["code"], answers[0].json()["because"]) == ("ticket_not_for_agent", "off_duty")


async def test_who_has_left_holds_nothing(agent, open_ticket, work, runtime, holder):
    await agent("wang")
    ticket = await open_ticket()
    await work()
    await agent("wang", active=False)
    async with runtime.database.transaction() as session:
        await dispatching.hand_over(session, now=clock.now())
    assert await holder(ticket) is None


def _iso(moment):
    return moment.isoformat()


async def test_who_could_take_a_ticket_that_does_not_exist_is_not_found(client):
    assert (await client.get("/v1/tickets/none/dispatch")).status_code == 422
    assert (await client.get(f"/v1/tickets/{NOWHERE}/dispatch")).json()["code"] == "ticket_not_found"
