"""Steps of ladders reach people: each of them once, in the transaction of the step, and it waits until acknowledged."""

import pytest
from careloop_contracts import TicketEscalatedV1, TicketNoticedV1, TicketReleasedV1
from prometheus_client import REGISTRY


async def test_each_level_is_told_to_who_holds_it(levels, agents, roster, open_ticket, climb, notices, desk):
    await agents("zhao", "qian", "sun")
    await roster(manager="zhao", regional_head="qian", group_committee=["sun", "qian"])
    ticket = await open_ticket()
    await climb(minutes=61)
    (told,) = await notices("zhao")
    assert (told["number"], told["reason"], told["role"]) == (ticket["number"], "escalated", "holder")
    assert (told["level"], told["clock"], told["step"]) == ("manager", "loop", "manager")
    assert (told["asks"], told["read_at"], told["by"]) == (True, None, "system")
    assert await desk("zhao") == [ticket["number"]]
    assert await notices("qian") == []
    await climb(minutes=76)
    await climb(minutes=91)
    assert [one["step"] for one in await notices("qian")] == ["group_committee", "regional_head"]
    assert await desk("qian") == [ticket["number"]]
    assert len(await notices("sun")) == 1


async def test_after_an_outage_each_person_is_told_once_also_who_holds_several_levels(
    levels, agents, roster, open_ticket, climb, notices, worker_running, published, eventually
):
    await agents("zhao", "qian")
    await roster(manager="zhao", regional_head="qian", group_committee="qian")
    ticket = await open_ticket()
    await climb(minutes=91)
    (told,) = await notices("qian")
    assert (told["level"], told["also"]) == ("group_committee", ["loop regional_head"])
    assert len([one for one in await notices("zhao") if one["clock"] == "loop"]) == 1

    async def heard():
        # The line gives out what waits meanwhile, perhaps to one of these.
        events = await published(TicketNoticedV1)
        return [one for one in events if (one.recipient, one.reason) == ("qian", "escalated")]

    async with worker_running():
        (told,) = await eventually(heard)
    (subject,) = told.tickets
    assert (subject.ticket_id, subject.number) == (_id(ticket), ticket["number"])
    assert told.channels == ("in_app",)


def _id(ticket):
    from uuid import UUID

    return UUID(ticket["id"])


async def test_many_tickets_of_one_instant_are_one_event_for_a_person(
    levels, agents, roster, open_ticket, climb, notices, worker_running, published, eventually
):
    await agents("zhao", "front")
    await roster(manager="zhao", fallback=["front"])
    numbers = {(await open_ticket())["number"] for _ in range(5)}
    await climb(minutes=61)
    assert {one["number"] for one in await notices("zhao")} == numbers

    async def heard():
        # The line may give one of them to the same person meanwhile.
        events = await published(TicketNoticedV1)
        return [one for one in events if (one.recipient, one.reason) == ("zhao", "escalated")]

    async with worker_running():
        (event,) = await eventually(heard)
    assert {one.number for one in event.tickets} == numbers


async def test_a_reminder_goes_to_who_holds_the_ticket_and_while_nobody_does_to_who_holds_its_level(
    client, publish_policy, agents, roster, open_ticket, act, climb, notices
):
    await publish_policy(first_response=3600)
    await agents("wang", "lead", "front")
    await roster(front_line="front")
    held, loose = await open_ticket(), await open_ticket()
    await act(held, "assign", assignee_id="wang")
    await climb(minutes=49)
    assert [(one["number"], one["role"]) for one in await notices("wang", reason="escalated")] == [
        (held["number"], "assignee")
    ]
    assert [(one["number"], one["level"]) for one in await notices("front")] == [
        (loose["number"], "front_line")
    ]
    steps = (await client.get("/v1/escalations")).json()["items"]
    assert {one["ticket_id"]: (one["told"], one["people"]) for one in steps} == {
        held["id"]: ("assignee", ["wang"]),
        loose["id"]: ("front_line", ["front"]),
    }
    history = (await client.get(f"/v1/tickets/{loose['id']}/history")).json()["items"]
    assert (history[-1]["after"]["told"], history[-1]["after"]["people"]) == ("front_line", ["front"])


async def test_while_who_holds_the_ticket_is_on_leave_the_lead_of_its_team_is_reminded(
    client, publish_policy, agents, on_leave, open_ticket, act, climb, notices
):
    await publish_policy(first_response=3600)
    await agents("wang", "lead")
    await client.put("/v1/teams/net", json={"name": "net", "members": ["wang"], "lead_id": "lead"})
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="wang", team="net")
    await on_leave("wang")
    await climb(minutes=49)
    assert [one["role"] for one in await notices("lead")] == ["team_lead"]
    assert await notices("wang", reason="escalated") == []


async def test_a_level_that_nobody_holds_goes_to_the_fallback_and_is_counted(
    levels, agents, roster, open_ticket, climb, notices
):
    await agents("front")
    await roster(fallback=["front"])
    before = _counted("manager", "fallback")
    await open_ticket()
    await climb(minutes=61)
    assert {(one["role"], one["level"]) for one in await notices("front")} >= {("fallback", "manager")}
    assert _counted("manager", "fallback") == before + 1


def _counted(level, role):
    labels = {"level": level, "role": role}
    return REGISTRY.get_sample_value("notices_without_holder_total", labels) or 0


async def test_the_alarm_of_a_level_is_not_repeated_for_a_minute(levels, open_ticket, climb, caplog):
    before = _counted("manager", "nobody")
    for minutes in (61, 61.5, 63):
        await open_ticket()
        await climb(minutes=minutes)
    assert _counted("manager", "nobody") == before + 3
    assert caplog.text.count("notice.no_holder") == 2


async def test_where_nobody_is_there_at_all_that_is_told_and_seen_by_supervisors(
    levels, client, client_as, open_ticket, act, climb, runtime, caplog
):
    from careloop_ticketing.notices import handlers

    ticket = await open_ticket()
    before = _counted("manager", "nobody")
    await climb(minutes=61)
    assert _counted("manager", "nobody") == before + 1
    assert caplog.text.count("notice.no_holder") == 1
    nobody = {"nobody": True, "unread": True}
    (last, *_) = (await client.get("/v1/notices", params=nobody)).json()["items"]
    assert (last["recipient"], last["role"], last["level"]) == (None, "nobody", "manager")
    refused = await client_as("tickets:read").get("/v1/notices", params=nobody)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    (step, *_) = (await client.get("/v1/escalations", params={"step": "manager"})).json()["items"]
    assert (step["told"], step["people"]) == ("manager", [])
    await handlers.watch(runtime)
    assert REGISTRY.get_sample_value("notices_undeliverable") >= 1
    await act(ticket, "acknowledge")
    await handlers.watch(runtime)
    assert REGISTRY.get_sample_value("notices_undeliverable") == 0


async def test_who_loses_the_ticket_to_the_next_level_is_told_so_and_nothing_waits_for_them(
    publish_clocks,
    agents,
    roster,
    open_ticket,
    act,
    climb,
    notices,
    desk,
    worker_running,
    published,
    eventually,
):
    steps = [
        {"name": "reminder", "percent": 50, "action": "remind"},
        {"name": "up", "percent": 80, "action": "reassign"},
        {"name": "breach", "percent": 100, "action": "remind"},
    ]
    clock = {"targets": [{"seconds": 3600}], "ladders": [{"ladder": "up"}]}
    await publish_clocks(ladders={"up": steps}, loop=clock)
    await agents("wang", "expert")
    await roster(expert="expert")
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="wang")
    await act(ticket, "respond")
    await climb(minutes=59)
    (last, *_) = await notices("wang")
    assert (last["reason"], last["also"]) == ("taken_away", ["loop reminder"])
    assert (await desk("wang"), await desk("expert")) == ([], [ticket["number"]])
    async with worker_running():
        (event,) = await eventually(lambda: published(TicketReleasedV1))
    assert (event.assignee_before, event.because, event.level) == ("wang", "escalated", "expert")


async def test_a_step_and_its_notices_are_one_transaction(
    levels, agents, roster, open_ticket, runtime, notices, client
):
    from datetime import timedelta

    from careloop_common import clock
    from careloop_common.timers import claim
    from careloop_ticketing.escalation import service as escalation

    await agents("zhao")
    await roster(manager="zhao")
    await open_ticket()
    now = clock.now() + timedelta(minutes=61)

    async def die():
        async with runtime.database.transaction() as session:
            due = await claim.due(session, now=now, kinds=["sla"], limit=100)
            await escalation.on_due(session, due, now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await die()
    assert await notices("zhao") == []
    assert (await client.get("/v1/escalations")).json()["items"] == []


async def test_the_event_of_a_step_names_the_people(
    levels, agents, roster, open_ticket, climb, worker_running, published, eventually
):
    await agents("zhao")
    await roster(manager="zhao")
    await open_ticket()
    await climb(minutes=61)

    async def breach():
        found = await published(TicketEscalatedV1)
        return [event for event in found if (event.clock, event.step) == ("loop", "manager")]

    async with worker_running():
        (event,) = await eventually(breach)
    assert (event.target, event.people) == ("manager", ("zhao",))
