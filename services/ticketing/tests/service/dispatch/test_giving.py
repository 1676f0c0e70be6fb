"""Tickets that wait are given to people. The line is worked by hand here, except where the worker is the subject."""

from datetime import datetime, timedelta

from careloop_common import clock
from careloop_ticketing.dispatch.service.dispatching import Walk


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


async def test_nothing_that_is_given_began_before_it_was_opened(
    agent, open_ticket, publish_clocks, work, client, last_entry
):
    await publish_clocks(desk={"start": ["assigned"], "targets": [{"seconds": 3600}]})
    await agent("wang")
    walked_off_at = clock.now()
    ticket = await open_ticket()
    await work(now=walked_off_at)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    (desk,) = [one for one in shown["clocks"] if one["name"] == "desk"]
    given_at = datetime.fromisoformat((await last_entry(ticket))["at"])
    assert datetime.fromisoformat(desk["due_at"]) == given_at + timedelta(hours=1)


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


async def test_a_vip_ticket_climbs_to_the_head_of_its_region_and_finds_them(
    agent, open_ticket, publish_policy, customer, client, work, holder, worker_running, eventually
):
    await agent("wang")
    await agent("beijing", level="regional_head", regions=["北京"])
    await agent("guangdong", level="regional_head", regions=["广东"], capacity=0)
    await publish_policy(first_response=3600, resolution=2)
    ticket = await open_ticket(customer_id=await customer(vip=True, region="广东/深圳"))
    await work()
    assert await holder(ticket) == "wang"

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
