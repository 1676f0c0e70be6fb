"""Clocks by rule and by working time, through the API: what starts them and holds them up."""

import itertools
from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_common.plumbing import timer
from careloop_common.timers import claim
from careloop_contracts import TicketEscalatedV1
from careloop_ticketing import defaults
from careloop_ticketing.escalation import service as escalation
from sqlalchemy import select

OFFICE = {
    "name": "Office",
    "zone": "Asia/Shanghai",
    "hours": {key: ["09:00-12:00", "13:30-18:00"] for key in ("mon", "tue", "wed", "thu", "fri")},
}


def _clock(ticket, name):
    return next(clock for clock in ticket["clocks"] if clock["name"] == name)


async def test_a_clock_may_count_working_time(client, open_ticket, publish_clocks):
    assert (await client.put("/v1/calendars/office", json=OFFICE)).status_code == 201
    await publish_clocks(desk={"calendar": "office", "targets": [{"seconds": 3600}]})
    clock = _clock(await open_ticket(), "desk")
    query = {"from": clock["due_at"], "seconds": 0}
    opened = _clock(await open_ticket(), "resolution")
    assert (clock["calendar"], opened["calendar"]) == ("office", None)
    answer = await client.get("/v1/calendars/office/answer", params=query)
    assert answer.status_code == 200


async def test_a_clock_without_its_calendar_is_refused(client):
    document = defaults.sla_policy()
    document["clocks"]["resolution"]["calendar"] = "moon"
    answer = await client.put("/v1/sla-policies", json=document)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/clocks/resolution/calendar")


@pytest.mark.parametrize(
    ("part", "given", "place"),
    [
        ("pauses", [{"reason": "lunch"}], "pauses/0/reason"),
        (
            "targets",
            [{"when": "vip", "seconds": 1}, {"when": "vip", "seconds": 2}, {"seconds": 3}],
            "targets/1/when",
        ),
    ],
)
async def test_what_could_never_have_an_effect_is_refused_and_changes_nothing(client, part, given, place):
    document = defaults.sla_policy()
    document["clocks"]["resolution"][part] = given
    answer = await client.put("/v1/sla-policies", json=document)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_sla_policy")
    assert body["errors"][0]["pointer"] == f"/clocks/resolution/{place}"
    assert len((await client.get("/v1/sla-policies")).json()["items"]) == 1


@pytest.mark.parametrize("name", ["level", "team", "assignee_id", "status", "lowered"])
async def test_a_clock_has_no_name_by_which_a_history_says_something_else(client, name):
    """Its steps would not find whom to tell, and the ticket would not escalate."""
    document = defaults.sla_policy()
    document["clocks"][name] = document["clocks"].pop("resolution")
    answer = await client.put("/v1/sla-policies", json=document)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_sla_policy")
    assert body["errors"][0]["pointer"] == f"/clocks/{name}"


async def test_a_wrong_condition_is_refused_with_its_column(client):
    document = defaults.sla_policy()
    document["clocks"]["resolution"]["targets"][0]["when"] = 'vip && tier == "primry"'
    answer = await client.put("/v1/sla-policies", json=document)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_sla_policy")
    assert body["errors"][0]["pointer"] == "/clocks/resolution/targets/0/when"
    assert (body["column"], "primary" in body["detail"]) == (16, True)


async def test_the_customers_message_ends_the_wait_when_it_came_not_when_it_was_entered(
    open_ticket, act, session
):
    ticket = await open_ticket()
    await act(ticket, "respond")
    waiting = await act(ticket, "pause", reason="waiting_for_customer")
    assert _clock(waiting, "resolution")["state"] == "paused"
    heard = await act(ticket, "messages", text="发票寄出了")
    assert (heard["status"], _clock(heard, "resolution")["state"]) == ("handling", "running")
    assert _clock(heard, "resolution")["paused_seconds"] >= 0


async def test_a_message_does_not_end_a_wait_for_somebody_else(open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_third_party")
    heard = await act(ticket, "messages", text="还要多久?")
    assert (heard["status"], _clock(heard, "resolution")["state"]) == ("waiting", "paused")


async def test_a_message_while_they_are_asked_how_it_went_opens_the_ticket_again(open_ticket, act, facts):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    heard = await act(ticket, "messages", text="又断网了")
    assert (heard["status"], heard["reopened_count"]) == ("handling", 1)
    assert (await facts(ticket))[-2:] == ["customer_wrote", "reopened"]


async def test_a_pause_may_need_an_approval_and_evidence(client_as, open_ticket, act, publish_clocks, client):
    document = await publish_clocks()
    document["clocks"]["resolution"]["pauses"] = [
        {"reason": "waiting_for_third_party", "approval": True, "evidence": True}
    ]
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 201
    ticket = await open_ticket()
    await act(ticket, "respond")
    path, body = f"/v1/tickets/{ticket['id']}/pause", {"reason": "waiting_for_third_party"}
    agent = client_as("tickets:read", "tickets:write")
    refused = await agent.post(path, json=body | {"evidence": "order 7"})
    assert (refused.status_code, refused.json()["code"]) == (403, "approval_needed")
    refused = await client.post(path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "evidence_needed")
    refused = await client.post(path, json={"reason": "waiting_for_customer"})
    assert (refused.status_code, refused.json()["code"]) == (409, "pause_not_allowed")
    paused = await act(ticket, "pause", **body, evidence="order 7")
    assert _clock(paused, "resolution")["state"] == "paused"


CHAIN = [
    {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
    {"name": "deputy", "unacknowledged_seconds": 1, "action": "notify", "level": "regional_head"},
    {"name": "committee", "unacknowledged_seconds": 1, "action": "notify", "level": "group_committee"},
]


async def test_who_does_not_take_notice_is_passed_over(
    open_ticket, publish_clocks, published, worker_running, eventually
):
    await publish_clocks(
        {"chain": CHAIN}, pick_up={"targets": [{"seconds": 1}], "ladders": [{"ladder": "chain"}]}
    )
    await open_ticket()
    async with worker_running():
        steps = await eventually(lambda: _steps(published, 3))
    assert [step.target for step in steps] == ["manager", "regional_head", "group_committee"]
    assert [
        (later.due_at - earlier.escalated_at).total_seconds() for earlier, later in itertools.pairwise(steps)
    ] == [1, 1]


async def test_taking_notice_ends_the_chain(
    client, open_ticket, act, publish_clocks, published, worker_running, eventually, session
):
    # Long enough for whoever takes notice on a slow machine: nobody waits for these steps.
    patient = [
        {**step, **({"unacknowledged_seconds": 60} if "percent" not in step else {})} for step in CHAIN
    ]
    await publish_clocks(
        {"chain": patient}, pick_up={"targets": [{"seconds": 1}], "ladders": [{"ladder": "chain"}]}
    )
    ticket = await open_ticket()
    async with worker_running():
        await eventually(lambda: _steps(published, 1))
        shown = await act(ticket, "acknowledge")
    assert _clock(shown, "pick_up")["acknowledged"]
    armed = await session.scalars(select(timer.c.step).where(timer.c.owner_id == ticket["id"]))
    assert "pick_up" not in armed.all()


async def _steps(published, count):
    found = await published(TicketEscalatedV1)
    return found if len(found) == count else None


async def test_after_an_outage_each_person_is_told_once(
    client, open_ticket, publish_clocks, published, worker_running, eventually
):
    ladder = [
        {"name": "reminder", "percent": 50, "action": "notify", "level": "manager"},
        {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
    ]
    await publish_clocks(
        {"short": ladder}, pick_up={"targets": [{"seconds": 1}], "ladders": [{"ladder": "short"}]}
    )
    ticket = await open_ticket()

    async def over():
        return _clock((await client.get(f"/v1/tickets/{ticket['id']}")).json(), "pick_up")["breached_at"]

    await eventually(over)
    async with worker_running():
        steps = await eventually(lambda: _steps(published, 2))
    assert [(step.step, step.notice, step.also) for step in steps] == [
        ("reminder", False, ()),
        ("breach", True, ("pick_up reminder",)),
    ]


async def test_each_person_is_told_once_also_if_the_later_clock_is_looked_at_first(
    client, open_ticket, publish_clocks, runtime, session
):
    """Two workers that have timers of one ticket give way to each other; then these fire one by one, in any order."""
    ladder = [{"name": "breach", "percent": 100, "action": "notify", "level": "manager"}]
    given = {"ladders": [{"ladder": "short"}]}
    await publish_clocks(
        {"short": ladder},
        early={"targets": [{"seconds": 60}], **given},
        late={"targets": [{"seconds": 120}], **given},
    )
    ticket = await open_ticket()
    armed = await session.execute(select(timer.c.step, timer.c.id).where(timer.c.owner_id == ticket["id"]))
    timers, now = dict(armed.all()), clock.now() + timedelta(seconds=180)
    for step in ("late", "early"):
        async with runtime.database.transaction() as own:
            if due := await claim.due(own, now=now, kinds=["sla"], limit=1, only=timers[step]):
                await escalation.on_due(own, due, now)
    steps = (await client.get("/v1/escalations")).json()["items"]
    assert [(step["clock"], step["notice"]) for step in reversed(steps)] == [("early", False), ("late", True)]


async def test_what_is_late_only_by_a_step_that_lifts_its_ticket_is_told_with_that_step(
    client, open_ticket, publish_clocks, runtime
):
    await publish_clocks(
        {
            "lift": [{"name": "breach", "percent": 100, "action": "raise_tier"}],
            "tell": [{"name": "breach", "percent": 100, "action": "notify", "level": "expert"}],
        },
        lifting={"targets": [{"seconds": 60}], "ladders": [{"ladder": "lift"}]},
        shorter={
            "targets": [{"when": 'tier == "primary"', "seconds": 86400}, {"seconds": 30}],
            "ladders": [{"ladder": "tell"}],
        },
    )
    await open_ticket()
    now = clock.now() + timedelta(seconds=61)
    async with runtime.database.transaction() as own:
        await escalation.on_due(own, await claim.due(own, now=now, kinds=["sla"], limit=10), now)
    steps = (await client.get("/v1/escalations")).json()["items"]
    assert [(step["clock"], step["told"], step["notice"]) for step in reversed(steps)] == [
        ("lifting", "expert", False),
        ("shorter", "expert", True),
    ]


async def test_a_ticket_that_becomes_an_advanced_one_gets_the_clocks_of_such(
    open_ticket, act, publish_clocks
):
    await publish_clocks(
        public_answer={"when": 'tier == "advanced"', "targets": [{"seconds": 259_200}]},
        pick_up={"when": 'tier == "advanced"', "stop": ["responded"], "targets": [{"seconds": 60}]},
    )
    ticket = await open_ticket()
    await act(ticket, "respond")
    raised = await act(ticket, "classify", tier="advanced")
    assert {clock["name"] for clock in raised["clocks"]} == {"first_response", "resolution", "public_answer"}


async def test_a_ticket_that_is_lifted_by_its_ladder_gets_the_clocks_of_its_new_place_but_those_behind_it(
    client, open_ticket, act, publish_clocks, worker_running, eventually
):
    ladder = [
        {"name": "raise", "percent": 50, "action": "raise_tier"},
        {"name": "breach", "percent": 100, "action": "remind"},
    ]
    await publish_clocks(
        {"up": ladder},
        first={"targets": [{"seconds": 1}], "ladders": [{"ladder": "up"}]},
        expert={"when": 'tier == "intermediate"', "targets": [{"seconds": 7200}]},
        answer={"when": 'tier == "intermediate"', "stop": ["responded"], "targets": [{"seconds": 7200}]},
    )
    ticket = await open_ticket()
    await act(ticket, "respond")

    async def lifted():
        history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"]
        return next((entry for entry in history if entry["after"].get("step") == "raise"), None)

    async with worker_running():
        entry = await eventually(lifted)
    assert entry["after"]["expert"]["target_seconds"] == 7200
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert _clock(shown, "expert")["state"] == "running"
    assert "answer" not in {clock["name"] for clock in shown["clocks"]}


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("reopened < 0", "No ticket can ever meet"),
        ("reopened > 1 && reopened < 2", "No ticket can ever meet"),
        ('channel == ""', "No ticket can ever meet"),
        ('channel == "we chat"', "No ticket can ever meet"),
        ("!has(channel)", "No ticket can ever meet"),
        ('region == ""', "No ticket can ever meet"),
        ('product == "warp_drive"', "is not one of the values"),
    ],
)
async def test_a_condition_that_no_ticket_can_meet_is_refused(client, when, said):
    document = defaults.sla_policy()
    document["clocks"]["closed_loop"]["when"] = when
    answer = await client.put("/v1/sla-policies", json=document)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_sla_policy")
    assert (body["errors"][0]["pointer"], said in body["detail"]) == ("/clocks/closed_loop/when", True)
    assert len((await client.get("/v1/sla-policies")).json()["items"]) == 1


@pytest.mark.parametrize(
    "when", ["reopened > 1", "reopened < 1", 'product == "broadband"', "!has(product)", 'channel != ""']
)
async def test_a_condition_that_tickets_can_meet_is_taken(client, when):
    document = defaults.sla_policy()
    document["clocks"]["closed_loop"]["when"] = when
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 201


async def test_products_are_those_of_the_active_rule_set(client):
    rule = {"id": "warp", "phrases": ["warp"], "product": "warp_drive"}
    product = {"code": "warp_drive", "zh": "曲速", "en": "Warp drive"}
    assert (
        await client.put("/v1/rule-sets", json={"name": "x", "rules": [rule], "products": [product]})
    ).status_code == 201
    document = defaults.sla_policy()
    document["clocks"]["closed_loop"]["when"] = 'product == "warp_drive"'
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 201
    document["clocks"]["closed_loop"]["when"] = 'product == "broadband"'
    assert (await client.put("/v1/sla-policies", json=document)).status_code == 422


async def test_a_clock_that_starts_when_a_ticket_is_opened_again_is_there_again_with_its_condition(
    open_ticket, act, publish_clocks
):
    again = {"when": 'severity == "high"', "start": ["reopened"], "targets": [{"seconds": 3600}]}
    await publish_clocks(again=again)
    ticket = await open_ticket()
    await act(ticket, "resolve")
    await act(ticket, "reopen")
    begun = await act(ticket, "classify", severity="high")
    assert _clock(begun, "again")["state"] == "running"
    ended = await act(ticket, "classify", severity="normal", reason="misjudged")
    assert _clock(ended, "again")["cancelled"]
    back = await act(ticket, "classify", severity="high")
    assert _clock(back, "again")["state"] == "running"


async def test_a_clock_that_starts_when_the_customer_writes_is_there_again_with_its_condition(
    open_ticket, act, publish_clocks
):
    heard = {"when": 'severity == "high"', "start": ["customer_wrote"], "targets": [{"seconds": 3600}]}
    await publish_clocks(heard=heard)
    ticket = await open_ticket()
    never = await act(ticket, "classify", severity="high")
    assert "heard" not in {clock["name"] for clock in never["clocks"]}
    await act(ticket, "messages", text="还是不行")
    ended = await act(ticket, "classify", severity="normal", reason="misjudged")
    assert _clock(ended, "heard")["cancelled"]
    back = await act(ticket, "classify", severity="high")
    assert _clock(back, "heard")["state"] == "running"
    await act(ticket, "classify", severity="normal", reason="misjudged")
    await act(ticket, "resolve")
    assert _clock(await act(ticket, "classify", severity="high"), "heard")["cancelled"]
