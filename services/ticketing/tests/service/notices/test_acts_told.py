"""Whoever a ticket is given to or taken from, and whoever watches it, hears what others did with it."""

import pytest
from careloop_contracts import (
    TicketAssignedV1,
    TicketNotedV1,
    TicketNoticedV1,
    TicketPausedV1,
    TicketReleasedV1,
    TicketResumedV1,
)

TEXT = "客户王小姐 13800138000 说还是没有信号"


@pytest.fixture
def watch(client):
    async def add(ticket, person):
        answer = await client.put(f"/v1/tickets/{ticket['id']}/watchers/{person}")
        assert answer.status_code == 200, answer.text

    return add


@pytest.fixture
def reasons(notices):
    """`await reasons("wang")`: why they were told, the last first."""

    async def read(person):
        return [one["reason"] for one in await notices(person)]

    return read


async def test_who_is_given_a_ticket_is_told_and_who_held_it_that_they_do_not_any_more(
    open_ticket, act, notices, reasons
):
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="wang")
    (told,) = await notices("wang")
    assert (told["reason"], told["role"], told["by"], told["asks"]) == (
        "assigned",
        "assignee",
        "test-user",
        False,
    )
    await act(ticket, "assign", assignee_id="wang")
    assert await reasons("wang") == ["assigned"]
    await act(ticket, "assign", assignee_id="li")
    assert await reasons("wang") == ["taken_away", "assigned"]
    assert await reasons("li") == ["assigned"]
    await act(ticket, "release")
    assert await reasons("li") == ["taken_away", "assigned"]


async def test_nobody_is_told_what_they_did_themselves(agents, open_ticket, as_person, watch, reasons):
    await agents("wang")
    ticket = await open_ticket()
    await watch(ticket, "wang")
    url = f"/v1/tickets/{ticket['id']}"
    for what, body in (("take", {}), ("notes", {"text": "查了"}), ("release", {})):
        answer = await as_person("wang").post(f"{url}/{what}", json=body)
        assert answer.status_code in {200, 201}, answer.text
    assert await reasons("wang") == []


async def test_who_is_given_a_ticket_by_the_line_is_told_and_so_when_their_shift_ends(
    runtime, agents, open_ticket, reasons
):
    from careloop_common import clock
    from careloop_ticketing.dispatch.service import dispatching

    await agents("wang")
    ticket = await open_ticket()
    async with runtime.database.transaction() as session:
        await dispatching.dispatch(session, dispatching.Walk(), now=clock.now())
    assert await reasons("wang") == ["assigned"]
    await agents("wang", active=False)
    async with runtime.database.transaction() as session:
        await dispatching.hand_over(session, now=clock.now())
    assert await reasons("wang") == ["taken_away", "assigned"]
    assert ticket["assignee_id"] is None


async def test_who_watches_a_ticket_hears_what_happens_to_it(open_ticket, act, watch, reasons):
    ticket = await open_ticket()
    await watch(ticket, "boss")
    await act(ticket, "assign", assignee_id="wang")
    await act(ticket, "messages", text=TEXT)
    await act(ticket, "notes", text=TEXT)
    await act(ticket, "resolve")
    await act(ticket, "messages", text=TEXT)
    await act(ticket, "resolve")
    await act(ticket, "reopen", reason="not_solved")
    expected = ["assigned", "customer_wrote", "noted", "resolved", "reopened", "resolved", "reopened"]
    assert await reasons("boss") == expected[::-1]
    assert await reasons("wang") == expected[::-1]


async def test_watchers_hear_of_escalations_but_nothing_waits_for_them(
    publish_policy, open_ticket, watch, climb, notices, desk
):
    await publish_policy(first_response=3600)
    ticket = await open_ticket()
    await watch(ticket, "boss")
    await climb(minutes=61)
    (told,) = await notices("boss")
    assert (told["role"], told["step"], told["also"], told["asks"]) == (
        "watcher",
        "breach",
        ["first_response reminder"],
        False,
    )
    assert await desk("boss") == []


async def test_watchers_hear_what_they_chose_and_by_the_channels_they_chose(
    as_person, open_ticket, act, watch, reasons, worker_running, published, eventually
):
    boss = as_person("boss")
    shown = (await boss.get("/v1/notice-choices/boss")).json()
    assert (shown["channels"], len(shown["watched"])) == (["in_app"], 6)
    choice = {"watched": ["resolved"], "channels": ["im", "sms"]}
    assert (await boss.put("/v1/notice-choices/boss", json=choice)).status_code == 200
    assert (await boss.get("/v1/notice-choices/boss")).json() == {"agent_id": "boss", **choice}
    ticket = await open_ticket()
    await watch(ticket, "boss")
    await act(ticket, "notes", text=TEXT)
    await act(ticket, "resolve")
    assert await reasons("boss") == ["resolved"]
    async with worker_running():
        (event,) = await eventually(lambda: published(TicketNoticedV1))
    assert (event.recipient, event.channels) == ("boss", ("im", "sms"))


@pytest.mark.parametrize(
    "body",
    [
        {"watched": ["taken_away"]},
        {"watched": ["gossip"]},
        {"channels": []},
        {"channels": ["pigeon"]},
        {"watched": "resolved"},
    ],
)
async def test_a_choice_that_cannot_be_is_refused(as_person, body):
    answer = await as_person("boss").put("/v1/notice-choices/boss", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await as_person("boss").get("/v1/notice-choices/boss")).json()["channels"] == ["in_app"]


async def test_others_choose_for_somebody_only_as_supervisors(as_person, client):
    choice = {"watched": []}
    refused = await as_person("wang").put("/v1/notice-choices/boss", json=choice)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert (await client.put("/v1/notice-choices/boss", json=choice)).status_code == 200


async def test_front_ends_hear_of_handovers_waits_and_notes_but_not_what_was_written(
    open_ticket, act, watch, worker_running, published, eventually, broker
):
    ticket = await open_ticket()
    await watch(ticket, "boss")
    await act(ticket, "assign", assignee_id="wang")
    await act(ticket, "respond", note=TEXT)
    await act(ticket, "pause", reason="waiting_for_customer", note=TEXT)
    await act(ticket, "resume")
    await act(ticket, "pause", reason="waiting_for_customer")
    await act(ticket, "messages", text=TEXT)
    await act(ticket, "pause", reason="waiting_for_third_party")
    await act(ticket, "classify", tier="advanced")
    await act(ticket, "notes", text=TEXT)
    await act(ticket, "release")
    async with worker_running():
        (released,) = await eventually(lambda: published(TicketReleasedV1))
    (assigned,) = await published(TicketAssignedV1)
    assert (assigned.number, assigned.assignee_id, assigned.assignee_before, assigned.by) == (
        ticket["number"],
        "wang",
        None,
        "test-user",
    )
    assert (released.assignee_before, released.because) == ("wang", "given_back")
    assert [event.reason for event in await published(TicketPausedV1)] == [
        "waiting_for_customer",
        "waiting_for_customer",
        "waiting_for_third_party",
    ]
    assert [event.because for event in await published(TicketResumedV1)] == [
        "asked",
        "customer_wrote",
        "not_allowed",
    ]
    (noted,) = await published(TicketNotedV1)
    assert noted.number == ticket["number"]
    said = b"".join(message.data for message in await broker.messages("CARE_TICKET"))
    assert TEXT.encode() not in said
    assert b"13800138000" not in said


async def test_what_is_done_to_many_at_once_is_told_too(open_ticket, ask_bulk, work_bulk, notices):
    tickets = [await open_ticket() for _ in range(3)]
    await ask_bulk("assign", tickets, dry_run=True, assignee_id="wang")
    await work_bulk()
    assert await notices("wang") == []
    await ask_bulk("assign", tickets, assignee_id="wang")
    await work_bulk()
    assert {one["number"] for one in await notices("wang")} == {one["number"] for one in tickets}


async def test_what_one_request_does_in_several_acts_is_one_notice(open_ticket, act, client, notices):
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="wang")
    await act(ticket, "respond")
    url = f"/tmf-api/troubleTicket/v5/troubleTicket/{ticket['id']}"
    body = {"status": "resolved", "note": [{"@type": "Note", "text": TEXT}]}
    answer = await client.patch(url, json=body)
    assert answer.status_code == 200, answer.text
    told = {one["reason"]: one["also"] for one in await notices("wang")}
    assert told in ({"resolved": ["noted"], "assigned": []}, {"noted": ["resolved"], "assigned": []})
