import re

from careloop_contracts import (
    TicketArchivedV1,
    TicketClassifiedV1,
    TicketOpenedV1,
    TicketResolvedV1,
    TicketRespondedV1,
    TicketSatisfactionReceivedV1,
    TicketSatisfactionRequestedV1,
)


async def test_a_ticket_gets_a_number_an_acknowledgement_and_running_clocks(open_ticket):
    ticket = await open_ticket(subject="客服态度很差", description="打了三次电话")
    assert re.fullmatch(r"C-\d{8}-\d{6}", ticket["number"])
    assert (
        ticket["acknowledgement"] == f"您的投诉已受理，编号 {ticket['number']}，我们将在 30 分钟内与您联系。"
    )
    assert (ticket["status"], ticket["cause"]) == ("classified", "service_quality")
    clocks = {clock["name"]: clock for clock in ticket["clocks"]}
    assert {name: (clock["state"], clock["target_seconds"]) for name, clock in clocks.items()} == {
        "first_response": ("running", 1800),
        "resolution": ("running", 172800),
        "expert_diagnosis": ("running", 7200),
        "closed_loop": ("running", 259200),
        "regulator": ("running", 1296000),
    }


async def test_the_acknowledgement_promises_an_answer_and_not_that_somebody_takes_the_ticket(open_ticket):
    ticket = await open_ticket(channel="app")
    assert "online_pick_up" in {clock["name"] for clock in ticket["clocks"]}
    assert ticket["acknowledgement"].endswith("我们将在 30 分钟内与您联系。")


async def test_a_ticket_that_waits_at_a_level_is_picked_up_by_whoever_takes_it(open_ticket, act):
    ticket = await open_ticket(channel="app")

    def picked_up(shown):
        return {clock["name"]: clock["state"] for clock in shown["clocks"]}["online_pick_up"]

    assert picked_up(await act(ticket, "assign", level="manager")) == "running"
    assert picked_up(await act(ticket, "assign", assignee_id="agent-7")) == "stopped"


async def test_the_acknowledgement_speaks_the_customers_language(open_ticket):
    ticket = await open_ticket(subject="Data cap charges", kind="inquiry", language="en-US")
    assert ticket["acknowledgement"].startswith("We have received your inquiry, number C-")
    assert ticket["acknowledgement"].endswith("within 30 minutes.")


async def test_from_intake_to_archive_every_step_is_history_and_event(
    open_ticket, act, facts, published, worker_running, eventually
):
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="li.na")
    responded = await act(ticket, "respond", note="已致电")
    assert responded["status"] == "handling"
    resolved = await act(ticket, "resolve", outcome="explained")
    assert (resolved["status"], resolved["outcome"]) == ("feedback", "explained")
    running = [clock["name"] for clock in resolved["clocks"] if clock["state"] != "stopped"]
    assert running == ["closed_loop"]
    await act(ticket, "satisfaction", reply="很好")
    assert await facts(ticket) == [
        "opened",
        "classified",
        "assigned",
        "responded",
        "resolved",
        "satisfaction_received",
        "archived",
    ]
    async with worker_running():
        archived = await eventually(lambda: published(TicketArchivedV1))
    assert archived[0].reason == "answered"
    for event_type in (
        TicketOpenedV1,
        TicketClassifiedV1,
        TicketRespondedV1,
        TicketResolvedV1,
        TicketSatisfactionRequestedV1,
        TicketSatisfactionReceivedV1,
    ):
        assert [str(event.ticket_id) for event in await published(event_type)] == [ticket["id"]]


async def test_history_says_who_did_what_and_what_it_changed(client, client_as, open_ticket):
    ticket = await open_ticket()
    supervisor = client_as("tickets:supervise", actor_id="chen.jie", kind="user")
    await supervisor.post(f"/v1/tickets/{ticket['id']}/assign", json={"level": "manager"})
    entry = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (entry["seq"], entry["fact"], entry["actor_id"]) == (3, "assigned", "chen.jie")
    assert entry["before"] == {"level": "front_line", "assignee_id": None, "team": None}
    assert entry["after"] == {"level": "manager", "assignee_id": None, "team": None}


async def test_what_people_write_stays_out_of_history_and_events(client, open_ticket, act):
    ticket = await open_ticket(description="我叫王芳，电话 13800138000")
    await act(ticket, "respond", note="已联系王芳")
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).text
    assert "王芳" not in history
    notes = (await client.get(f"/v1/tickets/{ticket['id']}/notes")).json()["items"]
    assert [(note["about"], note["text"]) for note in notes] == [("response", "已联系王芳")]
    assert notes[0]["id"] in history


async def test_resolving_without_a_word_before_is_also_the_first_response(open_ticket, act):
    ticket = await open_ticket()
    resolved = await act(ticket, "resolve")
    assert resolved["responded_at"] == resolved["resolved_at"]


async def test_an_impossible_act_is_a_conflict_that_names_the_possible_ones(client, open_ticket):
    ticket = await open_ticket()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/resume")
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_impossible")
    assert "respond" in answer.json()["possible"]


async def test_an_unknown_ticket_is_not_found(client):
    answer = await client.get("/v1/tickets/00000000-0000-7000-8000-000000000000")
    assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")


async def test_readers_may_not_write(client_as):
    answer = await client_as("tickets:read").post("/v1/tickets", json={"channel": "app", "subject": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_a_clock_that_goes_on_beyond_the_remedy_waits_for_nobody_from_then_on(
    open_ticket, act, publish_clocks
):
    waits = [{"reason": "waiting_for_third_party"}]
    loop = {"stop": ["archived"], "targets": [{"seconds": 7200}], "pauses": waits}
    await publish_clocks(loop=loop | {"pausable": '!vip && tier != "advanced" && severity != "critical"'})
    ticket = await open_ticket()
    await act(ticket, "respond")
    paused = await act(ticket, "pause", reason="waiting_for_third_party")
    resolved, reopened = await act(ticket, "resolve"), await act(ticket, "reopen")
    states = [
        next(clock["state"] for clock in shown["clocks"] if clock["name"] == "loop")
        for shown in (paused, resolved, reopened)
    ]
    assert states == ["paused", "running", "running"]
