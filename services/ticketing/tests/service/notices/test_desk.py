"""What was escalated to somebody and waits for them, and lists of steps."""

import pytest


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("acknowledge", {}),
        ("assign", {"assignee_id": "li"}),
        ("resolve", {}),
        ("cancel", {"reason": "withdrawn"}),
        ("reject", {"reason": "spam"}),
    ],
)
async def test_what_waits_for_a_manager_does_so_until_somebody_takes_notice_or_it_ends(
    levels, agents, roster, open_ticket, act, climb, notices, desk, what, given
):
    await agents("zhao", "li")
    await roster(manager="zhao")
    ticket, other = await open_ticket(), await open_ticket()
    await climb(minutes=61)
    await act(ticket, "respond")
    assert await desk("zhao") == [ticket["number"], other["number"]]
    await act(ticket, what, **given)
    assert await desk("zhao") == [other["number"]]
    mine = await notices("zhao", ticket_id=ticket["id"], reason="escalated")
    assert mine[0]["acknowledged_by"] == "test-user"
    assert mine[0]["acknowledged_at"] is not None


async def test_what_runs_out_while_the_customer_is_asked_can_be_acknowledged_and_ends_with_the_ticket(
    client, publish_clocks, agents, roster, open_ticket, act, climb, desk
):
    loop = {"stop": ["archived"], "targets": [{"seconds": 3600}], "ladders": [{"ladder": "levels"}]}
    levels = [{"name": "manager", "percent": 100, "action": "notify", "level": "manager"}]
    await publish_clocks(ladders={"levels": levels}, loop=loop)
    await agents("zhao")
    await roster(manager="zhao")
    noticed, closed = await open_ticket(), await open_ticket()
    for ticket in (noticed, closed):
        await act(ticket, "resolve")
    await climb(minutes=61)
    assert await desk("zhao") == [noticed["number"], closed["number"]]
    await act(noticed, "acknowledge")
    assert await desk("zhao") == [closed["number"]]
    await act(closed, "close")
    assert await desk("zhao") == []
    counts = (await client.get("/v1/notices/counts", params={"recipient": "zhao"})).json()
    assert counts["waiting"] == 0


async def test_a_desk_is_paged_and_of_others_only_seen_by_supervisors(
    levels, agents, roster, open_ticket, climb, client, as_person
):
    await agents("zhao")
    await roster(manager="zhao")
    numbers = [(await open_ticket())["number"] for _ in range(3)]
    await climb(minutes=61)
    found, cursor = [], None
    while True:
        asked = {"person": "zhao", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/escalations/desk", params=asked)).json()
        found += [item["ticket"]["number"] for item in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert sorted(found) == sorted(numbers)
    refused = await as_person("wang").get("/v1/escalations/desk", params={"person": "zhao"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")


async def test_steps_are_listed_by_level_person_team_region_time_and_whether_they_wait(
    levels, client, agents, roster, customer, open_ticket, act, climb
):
    await agents("zhao", "lead")
    await client.put("/v1/teams/net", json={"name": "net", "members": [], "lead_id": "lead"})
    await roster(manager="zhao")
    first = await open_ticket(customer_id=await customer(region="广东/深圳"))
    second = await open_ticket()
    await act(second, "assign", team="net")
    await climb(minutes=61)
    await act(first, "acknowledge")

    async def listed(**asked):
        answer = await client.get("/v1/escalations", params={"step": "manager", **asked})
        assert answer.status_code == 200, answer.text
        return {item["ticket_id"] for item in answer.json()["items"]}

    one, other = {first["id"]}, {second["id"]}
    assert await listed(level="manager") == await listed(person="zhao") == one | other
    assert await listed(level="expert") == await listed(person="wang") == set()
    assert await listed(team="net") == await listed(unacknowledged=True) == other
    assert await listed(region="广东/深圳") == await listed(unacknowledged=False) == one
    assert await listed(since="2026-01-01T00:00:00Z") == one | other
    assert await listed(since="2199-01-01T00:00:00Z") == set()
    for asked in ({"level": "king"}, {"since": "soon"}, {"person": "a/b"}, {"team": "NET"}):
        assert (await client.get("/v1/escalations", params=asked)).status_code == 422
