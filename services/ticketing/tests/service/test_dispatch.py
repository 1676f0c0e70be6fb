"""Tickets that wait are given to people. The line is worked by hand here, except where the worker is the subject."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from careloop_common import clock, ids
from careloop_ticketing.customers.models import CustomerRow
from careloop_ticketing.dispatch.service import dispatching
from careloop_ticketing.dispatch.service.dispatching import Walk

NOWHERE = "00000000-0000-7000-8000-000000000000"
READ, WRITE, SUPERVISE = "tickets:read", "tickets:write", "tickets:supervise"


@pytest.fixture
def agent(client):
    """`await agent("wang", level="expert")`: somebody who speaks Chinese and is always there, unless told otherwise."""

    async def put(agent_id, **given):
        body = {"name": agent_id.title(), "languages": ["zh"], **given}
        answer = await client.put(f"/v1/agents/{agent_id}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    return put


@pytest.fixture
def team(client):
    async def put(code, *members, **given):
        answer = await client.put(f"/v1/teams/{code}", json={"name": code, "members": members, **given})
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    return put


@pytest.fixture
def route(client):
    """`await route({"name": "fibre", "skill": "fibre"}, reserve=1)` publishes a routing of these rules."""

    async def publish(*rules, reserve=0):
        body = {"name": "Test", "reserve": reserve, "rules": rules}
        answer = await client.put("/v1/routing-policies", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"]

    return publish


@pytest.fixture
def customer(runtime):
    """`await customer(vip=True, region="广东")`: the id of somebody whom the replica knows."""

    async def add(**given):
        about = {"version": 1, "source": "crm", "status": "active", "vip": False, "updated_at": clock.now()}
        row = CustomerRow(id=ids.new_id(), **(about | given))
        async with runtime.database.transaction() as session:
            session.add(row)
        return str(row.id)

    return add


@pytest.fixture
def work(runtime):
    """`await work()`: walk along the line once, as the job does."""

    async def once(walk=None, now=None):
        walk, turns = walk or Walk(), 0
        while turns == 0 or walk.under_way:
            async with runtime.database.transaction() as session:
                await dispatching.dispatch(session, walk, now=now or clock.now())
            turns += 1
        return turns

    return once


@pytest.fixture
def holder(client):
    async def of(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}")).json()["assignee_id"]

    return of


@pytest.fixture
def last_entry(client):
    async def of(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]

    return of


async def test_without_agents_nothing_happens(open_ticket, work, facts, client):
    ticket = await open_ticket()
    assert await work() == 1
    assert await facts(ticket) == ["opened", "classified"]
    asked = (await client.get(f"/v1/tickets/{ticket['id']}/dispatch")).json()
    assert (asked["waiting"], asked["chosen"], asked["obstacle"]) == (True, None, "nobody")


async def test_a_ticket_that_waits_is_given_to_somebody_and_the_history_says_how(
    agent, open_ticket, work, client, last_entry
):
    await agent("wang")
    ticket = await open_ticket()
    await work()
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["assignee_id"], shown["level"], shown["team"]) == ("wang", "front_line", None)
    entry = await last_entry(ticket)
    assert (entry["fact"], entry["actor_id"], entry["actor_kind"]) == ("assigned", "system", "system")
    nobody = {"assignee_id": None, "level": "front_line", "team": None}
    assert entry["before"] == nobody
    why = {"routing": 1, "rule": "standard", "eligible": 1, "load": 0, "capacity": 10}
    assert entry["after"] == nobody | {"assignee_id": "wang"} | why
    assert (await client.get(f"/v1/tickets/{ticket['id']}/history/verification")).json()["intact"]


async def test_to_be_given_to_somebody_stops_the_pick_up_clock_and_is_no_acknowledgement(
    agent, open_ticket, work, client
):
    steps = [{"name": "breach", "percent": 100, "action": "notify", "level": "manager"}]
    clocks = {
        "pick_up": {"start": ["opened"], "stop": ["assigned"]},
        "desk": {"start": ["assigned"], "stop": ["resolved"]},
    }
    for one in clocks.values():
        one |= {"targets": [{"seconds": 60}], "ladders": [{"ladder": "only"}]}
    policy = {"name": "Desk", "satisfaction_seconds": 60, "clocks": clocks, "ladders": {"only": steps}}
    assert (await client.put("/v1/sla-policies", json=policy)).status_code == 201
    await agent("wang")
    ticket = await open_ticket()
    await work()
    found = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
    assert {one["name"]: one["state"] for one in found} == {"pick_up": "stopped", "desk": "running"}
    assert not any(one["acknowledged"] for one in found)


async def test_vip_customers_come_first_then_what_is_due_next(
    agent, open_ticket, work, customer, holder, publish_policy
):
    await agent("wang", capacity=2)
    late = await open_ticket()
    await publish_policy(first_response=60)
    soon = await open_ticket()
    vip = await open_ticket(customer_id=await customer(vip=True))
    await work()
    assert [await holder(one) for one in (late, soon, vip)] == [None, "wang", "wang"]


async def test_beyond_their_capacity_people_get_only_what_comes_by_the_green_lane(
    agent, open_ticket, work, customer, holder
):
    await agent("wang", capacity=1)
    plain = [await open_ticket() for _ in range(2)]
    await work()
    vips = [await open_ticket(customer_id=await customer(vip=True)) for _ in range(3)]
    await work()
    assert sorted([str(await holder(one)) for one in plain]) == ["None", "wang"]
    assert sorted([str(await holder(one)) for one in vips]) == ["None", "wang", "wang"], "a reserve of two"


async def test_what_waits_for_others_leaves_room_for_more(agent, open_ticket, work, act, holder):
    await agent("wang", capacity=1)
    first = await open_ticket()
    await work()
    second = await open_ticket()
    await act(first, "respond")
    await act(first, "pause", reason="waiting_for_customer")
    await work()
    assert await holder(second) == "wang"


async def test_skill_certificate_language_and_region_decide(
    agent, open_ticket, work, route, customer, holder, client
):
    expired = "2026-01-01T00:00:00Z"
    await agent("novice", certificates=[{"skill": "fibre", "certificate": 2}])
    await agent("lapsed", certificates=[{"skill": "fibre", "certificate": 5, "valid_until": expired}])
    await agent("john", languages=["en"], certificates=[{"skill": "fibre", "certificate": 4}])
    await agent("north", regions=["北京"], certificates=[{"skill": "fibre", "certificate": 4}])
    await agent("south", regions=["广东"], certificates=[{"skill": "fibre", "certificate": 3}])
    await route({"name": "fibre", "skill": "fibre", "certificate": 3, "region": "require"})
    ticket = await open_ticket(customer_id=await customer(region="广东/深圳"))
    asked = (await client.get(f"/v1/tickets/{ticket['id']}/dispatch")).json()
    assert {one["agent_id"]: one["obstacle"] for one in asked["candidates"]} == {
        "south": None,
        "john": "language",
        "lapsed": "certificate",
        "north": "region",
        "novice": "certificate",
    }
    assert asked["candidates"][0]["agent_id"] == asked["chosen"] == "south"
    assert asked["ruled_out"] == {"language": 1, "certificate": 2, "region": 1}
    assert await holder(ticket) is None, "to ask changes nothing"
    await work()
    assert await holder(ticket) == "south"


async def test_a_rule_gives_to_a_team_and_the_ticket_stays_with_it_when_it_is_lifted(
    agent, team, open_ticket, work, route, act, last_entry, client
):
    await agent("aaa")
    await agent("wang")
    await agent("head", level="manager")
    await team("billing", "wang")
    await route({"name": "lifted", "when": 'level == "manager"'}, {"name": "bills", "team": "billing"})
    ticket = await open_ticket()
    await work()
    assert (
        (await last_entry(ticket))["after"]["assignee_id"],
        (await last_entry(ticket))["after"]["team"],
    ) == (
        "wang",
        "billing",
    )
    listed = (await client.get("/v1/tickets", params={"team": "billing"})).json()["items"]
    assert [one["id"] for one in listed] == [ticket["id"]]
    await act(ticket, "assign", level="manager")
    await work()
    after = (await last_entry(ticket))["after"]
    assert (after["assignee_id"], after["team"]) == ("head", "billing")


async def test_a_team_that_a_supervisor_chose_is_left_by_routing(
    agent, team, open_ticket, work, route, act, client
):
    for name in ("wang", "li"):
        await agent(name)
    await team("billing", "wang")
    await team("network", "li")
    await route({"name": "bills", "team": "billing"})
    ticket = await act(await open_ticket(), "assign", team="network")
    assert (ticket["assignee_id"], ticket["team"]) == (None, "network")
    await work()
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["assignee_id"], shown["team"]) == ("li", "network")
    unknown = await client.post(f"/v1/tickets/{ticket['id']}/assign", json={"team": "nowhere"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "team_unknown")
    assert unknown.json()["errors"][0]["pointer"] == "/team"


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


async def test_tickets_that_nobody_can_take_do_not_stand_in_the_way_of_others(
    agent, open_ticket, work, holder
):
    english = [await open_ticket(language="en") for _ in range(7)]
    chinese = [await open_ticket() for _ in range(2)]
    await agent("wang")
    assert await work(Walk(batch=2, stretch=3)) > 2
    assert [await holder(one) for one in chinese] == ["wang"] * 2
    assert {await holder(one) for one in english} == {None}


async def test_after_a_walk_that_led_nowhere_only_who_arrives_and_vips_are_looked_at_for_a_while(
    agent, open_ticket, work, holder, customer
):
    now, walk = clock.now(), Walk()
    await agent("wang")
    english = await open_ticket(language="en")
    await work(walk, now)
    walk.tick(timedelta(seconds=1), 0, now)
    await agent("wang", languages=["zh", "en"])
    arrived = await open_ticket()
    vip = await open_ticket(customer_id=await customer(vip=True))
    await work(walk, now + timedelta(seconds=8))
    assert [await holder(one) for one in (english, arrived, vip)] == [None, "wang", "wang"]
    await work(walk, now + timedelta(seconds=10))
    assert await holder(english) == "wang"


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


async def test_who_has_left_holds_nothing(agent, open_ticket, work, runtime, holder):
    await agent("wang")
    ticket = await open_ticket()
    await work()
    await agent("wang", active=False)
    async with runtime.database.transaction() as session:
        await dispatching.hand_over(session, now=clock.now())
    assert await holder(ticket) is None


async def test_a_vip_ticket_climbs_to_the_head_of_its_region_and_finds_them(
    agent, open_ticket, publish_policy, customer, client, worker_running, eventually
):
    await agent("wang")
    await agent("beijing", level="regional_head", regions=["北京"])
    await agent("guangdong", level="regional_head", regions=["广东"], capacity=0)
    await publish_policy(first_response=3600, resolution=2)
    ticket = await open_ticket(customer_id=await customer(vip=True, region="广东/深圳"))

    async def at_the_top():
        shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        return shown if (shown["level"], shown["assignee_id"]) == ("regional_head", "guangdong") else None

    async with worker_running():
        await eventually(at_the_top)
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"]
    given = [entry["after"] for entry in history if entry["fact"] == "assigned"]
    assert [(one["assignee_id"], one["rule"]) for one in given] == [
        ("wang", "vip"),
        ("guangdong", "management"),
    ]
    picked_up = next(entry["at"] for entry in history if entry["fact"] == "assigned")
    assert picked_up > history[0]["at"]


async def test_the_summary_says_why_tickets_wait(agent, open_ticket, work, client, route):
    await route(
        {"name": "calls", "when": 'channel == "hotline"'}, {"name": "app", "when": 'channel == "app"'}
    )
    for subject in ("账单看不懂", "账单看不懂", "电池起火"):
        await open_ticket(subject=subject)
    await open_ticket(channel="web")
    await agent("wang", capacity=1)
    await work()
    found = (await client.get("/v1/dispatch-summary")).json()
    assert (found["waiting"], found["vip"], found["examined"], found["takeable"]) == (3, 0, 3, 0)
    assert found["obstacles"] == {"full": 1, "level": 1, "no_rule": 1}
    assert (found["agents"], found["on_duty"], found["capacity"], found["in_hand"]) == (1, 1, 1, 1)


def _iso(moment):
    return moment.isoformat()


async def test_who_could_take_a_ticket_that_does_not_exist_is_not_found(client):
    assert (await client.get("/v1/tickets/none/dispatch")).status_code == 422
    assert (await client.get(f"/v1/tickets/{NOWHERE}/dispatch")).json()["code"] == "ticket_not_found"
