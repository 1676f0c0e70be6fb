from datetime import datetime, timedelta

from careloop_common import clock
from careloop_contracts import TicketEscalatedV1, TicketSlaBreachedV1


async def test_a_clock_that_runs_out_climbs_its_ladder(
    client, open_ticket, publish_policy, facts, published, worker_running, eventually
):
    await publish_policy(resolution=1)
    ticket = await open_ticket()
    async with worker_running():
        await eventually(lambda: _steps(published, 5))
    escalated = await published(TicketEscalatedV1)
    assert [(event.step, event.action, event.target) for event in escalated] == [
        ("reminder", "remind", "front_line"),
        ("one_level_up", "reassign", "expert"),
        ("breach", "notify", "manager"),
        ("regional_head", "notify", "regional_head"),
        ("group_committee", "notify", "group_committee"),
    ]
    breach = (await published(TicketSlaBreachedV1))[0]
    assert (breach.clock, breach.target_seconds) == ("resolution", 1)
    assert (await facts(ticket))[2:] == ["escalated"] * 2 + ["sla_breached"] + ["escalated"] * 2
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert shown["level"] == "expert"


async def _steps(published, count):
    return len(await published(TicketEscalatedV1)) == count


async def test_a_breach_happened_when_it_was_due_however_late_the_worker_came(
    client, open_ticket, publish_policy, published, worker_running, eventually
):
    await publish_policy(first_response=1, resolution=1)
    ticket = await open_ticket()
    due = {clock["name"]: clock["due_at"] for clock in ticket["clocks"]}

    async def over_target():
        clocks = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
        return all(clock["breached_at"] for clock in clocks)

    await eventually(over_target)
    listed = (await client.get("/v1/tickets", params={"breached": True})).json()["items"]
    assert [item["id"] for item in listed] == [ticket["id"]]
    async with worker_running():
        breaches = await eventually(lambda: _breaches(published, 2))
    found = {event.clock: (event.due_at, event.breached_at) for event in breaches}
    for name, (due_at, breached_at) in found.items():
        assert due_at == breached_at
        assert due_at.isoformat().replace("+00:00", "Z") == due[name]


async def _breaches(published, count):
    found = await published(TicketSlaBreachedV1)
    return found if len(found) == count else None


async def test_a_breach_that_nobody_saw_before_the_ticket_was_resolved_is_still_told(
    client, open_ticket, act, publish_policy, published, worker_running, eventually
):
    await publish_policy(first_response=3600, resolution=1)
    ticket = await open_ticket()

    async def over_target():
        clocks = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
        return [clock for clock in clocks if clock["breached_at"]]

    await eventually(over_target)
    await act(ticket, "resolve")
    async with worker_running():
        (breach,) = await eventually(lambda: published(TicketSlaBreachedV1))
        (told,) = await eventually(lambda: published(TicketEscalatedV1))
    assert breach.clock == "resolution"
    assert (told.step, told.target) == ("breach", "front_line")


async def test_a_vip_customer_goes_straight_to_the_regional_head(
    client,
    client_as,
    open_ticket,
    publish_policy,
    publish,
    customer_registered,
    published,
    worker_running,
    eventually,
):
    for agent in ("head-beijing", "head-guangdong", "desk"):
        # They are told, and given nothing by the line: they speak another language.
        await client.put(f"/v1/agents/{agent}", json={"name": agent, "languages": ["fr"]})
    posts = [
        {"level": "regional_head", "regions": [region], "holders": [f"head-{name}"]}
        for region, name in (("北京", "beijing"), ("广东", "guangdong"))
    ]
    roster = {"name": "Heads", "posts": posts, "fallback": ["desk"]}
    assert (await client.put("/v1/duty-rosters", json=roster)).status_code == 201
    await publish_policy(first_response=3600, resolution=1)
    vip = customer_registered(vip=True, region="北京")
    await publish(vip)
    async with worker_running():
        ticket = await eventually(lambda: _known(client, open_ticket, vip))
        given = await eventually(lambda: _reassigned(published, ticket))
    assert {event.people for event in given} == {("head-beijing",)}
    beijing, guangdong = (
        client_as("tickets:read", actor_id=person) for person in ("head-beijing", "head-guangdong")
    )
    told = (await beijing.get("/v1/notices")).json()["items"]
    assert ticket["number"] in {one["number"] for one in told}
    assert {(one["level"], one["role"]) for one in told} == {("regional_head", "holder")}
    desk = (await beijing.get("/v1/escalations/desk")).json()["items"]
    assert ticket["id"] in {item["ticket"]["id"] for item in desk}
    assert (await guangdong.get("/v1/notices")).json()["items"] == []


async def _known(client, open_ticket, customer):
    ticket = await open_ticket(customer_id=str(customer.customer_id))
    return ticket if ticket["vip"] else None


async def _reassigned(published, ticket):
    found = await published(TicketEscalatedV1)
    return [e for e in found if (str(e.ticket_id), e.target) == (ticket["id"], "regional_head")]


async def test_a_paused_clock_takes_no_step(client, open_ticket, act, publish_policy, session):
    await publish_policy(first_response=60, resolution=60)
    ticket = await open_ticket()
    await act(ticket, "respond")
    paused = await act(ticket, "pause", reason="waiting_for_customer", note="等客户寄回发票")
    resolution = _clock(paused, "resolution")
    assert (paused["status"], resolution["state"], resolution["due_at"]) == ("waiting", "paused", None)
    assert await _armed(session, ticket) == []
    resumed = await act(ticket, "resume")
    assert _clock(resumed, "resolution")["due_at"] > _clock(ticket, "resolution")["due_at"]
    assert await _armed(session, ticket) == ["resolution"]


async def _armed(session, ticket):
    from careloop_common.plumbing import timer
    from sqlalchemy import select

    armed = select(timer.c.step).where(timer.c.owner_id == ticket["id"]).order_by(timer.c.step)
    found = (await session.scalars(armed)).all()
    await session.rollback()
    return list(found)


def _clock(ticket, name):
    return next(clock for clock in ticket["clocks"] if clock["name"] == name)


async def test_clocks_of_advanced_tickets_do_not_pause(client, open_ticket, act):
    ticket = await open_ticket(subject="电池起火")
    assert ticket["tier"] == "advanced"
    await act(ticket, "respond")
    answer = await client.post(f"/v1/tickets/{ticket['id']}/pause", json={"reason": "waiting_for_customer"})
    assert (answer.status_code, answer.json()["code"]) == (409, "pause_not_allowed")


async def test_a_pause_ends_when_the_ticket_becomes_one_that_may_not_wait(open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_third_party")
    raised = await act(ticket, "classify", tier="advanced")
    assert (raised["status"], raised["level"]) == ("handling", "regional_head")
    assert _clock(raised, "resolution")["state"] == "running"


async def test_a_raised_tier_moves_the_due_time_and_the_history_shows_the_arithmetic(
    client, open_ticket, act, publish_policy
):
    ticket = await open_ticket()
    raised = await act(ticket, "classify", tier="intermediate", cause="price")
    clock = _clock(raised, "resolution")
    assert clock["target_seconds"] == 172800
    assert (raised["level"], raised["classified_by"]) == ("expert", "test-user")
    entry = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert entry["before"]["resolution"]["target_seconds"] == 86400
    moved = entry["after"]["resolution"]
    assert moved["target_seconds"] == 172800
    assert moved["why"].startswith("target 172800 s - ")
    assert timedelta(seconds=86400) == _instant(moved["due_at"]) - _instant(
        entry["before"]["resolution"]["due_at"]
    )


def _instant(text):
    return datetime.fromisoformat(text)


async def test_a_reopened_ticket_runs_on_with_what_was_left(open_ticket, act):
    ticket = await open_ticket()
    resolved = await act(ticket, "resolve")
    reopened = await act(ticket, "reopen", reason="not_solved")
    clock = _clock(reopened, "resolution")
    left = _instant(clock["due_at"]) - _instant(resolved["resolved_at"])
    assert (reopened["status"], clock["state"], reopened["reopened_count"]) == ("handling", "running", 1)
    ran = timedelta(seconds=_clock(resolved, "resolution")["elapsed_seconds"])
    assert left + ran >= timedelta(hours=24)


async def test_lateness_is_measured_over_all_steps(
    client, open_ticket, publish_policy, worker_running, eventually
):
    assert (await client.get("/v1/escalations/lateness")).json()["count"] == 0
    began = clock.now()
    await publish_policy(first_response=1, resolution=1)
    for _ in range(5):
        await open_ticket()

    async def climbed():
        figures = (await client.get("/v1/escalations/lateness")).json()
        return figures if figures["count"] == 5 * 7 else None

    async with worker_running():
        figures = await eventually(climbed, timeout=20)
    assert 0 <= figures["p50"] <= figures["p99"] <= figures["max"] < (clock.now() - began).total_seconds()
    first = (await client.get("/v1/escalations", params={"limit": 3, "step": "breach"})).json()
    assert len(first["items"]) == 3
    assert all(item["is_breach"] for item in first["items"])
    rest = await client.get("/v1/escalations", params={"step": "breach", "cursor": first["next_cursor"]})
    assert len(rest.json()["items"]) == 7
