import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from careloop_common import clock
from careloop_ticketing.staff import service as staff

WANG = {
    "name": "王芳",
    "level": "expert",
    "department": "network",
    "languages": ["zh", "en"],
    "regions": ["广东"],
    "capacity": 8,
    "calendar": "cn-business",
    "certificates": [{"skill": "fibre", "certificate": 4}],
}


@pytest.fixture
def put(client):
    async def put_agent(agent_id="wang", body=None, **headers):
        body = WANG if body is None else body
        return await client.put(f"/v1/agents/{agent_id}", json=body, headers=headers)

    return put_agent


@pytest.fixture
def plan(client):
    """`await plan("wang", (9, 17))`: shifts, in hours from now; `kind="leave"` for something else."""
    now = clock.now()

    async def add(agent_id, *hours, kind="shift", by=client):
        spans = [(now + timedelta(hours=start), now + timedelta(hours=end)) for start, end in hours]
        items = [{"kind": kind, "starts_at": s.isoformat(), "ends_at": e.isoformat()} for s, e in spans]
        return await by.post(f"/v1/agents/{agent_id}/shifts", json={"items": items})

    return add


async def test_an_agent_is_put_read_and_changed_by_version(put, client):
    made = await put()
    assert (made.status_code, made.headers["etag"], made.json()["version"]) == (201, '"1"', 1)
    shown = (await client.get("/v1/agents/wang")).json()
    assert shown == made.json()
    assert shown["certificates"] == [{"skill": "fibre", "certificate": 4, "valid_until": None}]
    changed = await put(body=WANG | {"capacity": 3, "certificates": []}, **{"if-match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (changed.json()["capacity"], changed.json()["certificates"]) == (3, [])
    stale = await put(**{"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_mismatch")
    absent = await put("li", **{"if-match": '"1"'})
    assert absent.status_code == 412
    assert (await client.get("/v1/agents/li")).json()["code"] == "agent_not_found"


async def test_of_many_who_put_the_same_agent_all_are_counted(put):
    answers = await asyncio.gather(*(put() for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [200] * 5 + [201]
    assert sorted(one.json()["version"] for one in answers) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"calendar": "mars"}, "/calendar"),
        ({"certificates": [{"skill": "a", "certificate": 1}] * 2}, "/certificates/1/skill"),
        ({"certificates": [{"skill": "a", "certificate": 6}]}, "/certificates/0/certificate"),
        ({"languages": []}, "/languages"),
        ({"languages": ["Klingon!"]}, "/languages/0"),
        ({"capacity": -1}, "/capacity"),
        ({"level": "boss"}, "/level"),
        ({"name": "\x00"}, "/name"),
        ({"shoe_size": 43}, "/shoe_size"),
    ],
)
async def test_an_agent_that_makes_no_sense_is_refused_and_not_kept(put, client, change, pointer):
    answer = await put(body=WANG | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/v1/agents/wang")).status_code == 404


async def test_agents_are_listed_by_id_team_and_skill_page_by_page(put, client):
    for name in ("ai", "bo", "cai"):
        await put(name, WANG | ({} if name == "bo" else {"certificates": []}))
    await client.put("/v1/teams/core", json={"name": "Core", "members": ["ai", "cai"]})

    async def ids(**query):
        page = (await client.get("/v1/agents", params=query)).json()
        return [one["id"] for one in page["items"]], page["next_cursor"]

    first, cursor = await ids(limit=2)
    assert (first, await ids(limit=2, cursor=cursor)) == (["ai", "bo"], (["cai"], None))
    assert (await ids(skill="fibre"))[0] == ["bo"]
    assert (await ids(team="core"))[0] == ["ai", "cai"]
    assert (await ids(active=False))[0] == []
    assert (await client.get("/v1/agents", params={"cursor": "x"})).json()["code"] == "invalid_cursor"


async def test_shifts_and_absences_decide_who_is_on_duty(put, plan, client):
    await put(body=WANG | {"calendar": None})

    async def on_duty():
        return (await client.get("/v1/agents/wang")).json()["on_duty"]

    assert await on_duty(), "who has no hours is always there"
    await plan("wang", (8, 16))
    assert not await on_duty(), "who has shifts is there in them"
    (now,) = (await plan("wang", (-1, 1))).json()["items"]
    assert await on_duty()
    (pause,) = (await plan("wang", (-0.1, 0.1), kind="break")).json()["items"]
    assert not await on_duty()
    url = "/v1/agents/wang/shifts"
    assert (await client.delete(f"{url}/{pause['id']}")).status_code == 204
    assert await on_duty()
    await plan("wang", (-1, 48), kind="leave")
    assert not await on_duty()
    listed = (await client.get(url)).json()["items"]
    assert [(one["kind"], one["id"] == now["id"]) for one in listed][:2] in (
        [("leave", False), ("shift", True)],
        [("shift", True), ("leave", False)],
    )


@pytest.mark.parametrize(
    ("wall", "there"),
    [("2026-02-14T10:00", True), ("2026-02-14T12:30", False), ("2026-02-17T10:00", False)],
)
async def test_hours_of_a_calendar_are_followed_with_holidays_and_make_up_days(put, session, wall, there):
    await put()
    now = datetime.fromisoformat(f"{wall}:00+08:00").astimezone(UTC)
    assert (await staff.person(session, "wang", now=now)).on_duty is there


async def test_two_shifts_do_not_overlap_and_of_a_batch_all_or_none_are_planned(put, plan, client):
    await put()
    await plan("wang", (0, 8))
    overlapping = await plan("wang", (10, 12), (7, 9))
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "shift_overlaps")
    assert (await plan("wang", (8, 10))).status_code == 201, "they may touch"
    assert (await plan("wang", (20, 22), (21, 23))).status_code == 409
    assert (await plan("wang", (5, 4))).status_code == 422
    assert len((await client.get("/v1/agents/wang/shifts")).json()["items"]) == 2
    assert (await plan("nobody", (0, 1))).json()["code"] == "agent_not_found"


async def test_of_two_who_plan_the_same_hours_at_once_one_wins(put, plan):
    await put()
    answers = await asyncio.gather(*(plan("wang", (0, 8)) for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 4


async def test_an_agent_may_take_a_break_and_no_leave(put, plan, client_as, client):
    await put()
    own = client_as("tickets:write", "tickets:read", actor_id="wang")
    assert (await plan("wang", (0, 0.5), kind="break", by=own)).status_code == 201
    refused = await plan("wang", (0, 8), kind="leave", by=own)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    other = client_as("tickets:write", "tickets:read", actor_id="li")
    assert (await plan("wang", (2, 3), kind="break", by=other)).status_code == 403
    (planned,) = (await client.get("/v1/agents/wang/shifts")).json()["items"]
    url = f"/v1/agents/wang/shifts/{planned['id']}"
    assert (await other.delete(url)).status_code == 403
    assert (await own.delete(url)).status_code == 204
    assert (await own.delete(url)).json()["code"] == "shift_not_found"


async def test_a_team_has_the_members_that_were_put_last_and_its_lead(put, client):
    for name in ("ai", "bo", "cai"):
        await put(name)
    url = "/v1/teams/core"
    made = await client.put(url, json={"name": "Core", "lead_id": "cai", "members": ["ai"]})
    assert (made.status_code, made.json()["members"], made.json()["kind"]) == (201, ["ai", "cai"], "standing")
    changed = await client.put(url, json={"name": "Core", "members": ["bo"]}, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["members"], changed.json()["version"]) == (200, ["bo"], 2)
    assert (await client.get(url)).json() == changed.json()
    assert (await client.get("/v1/agents/bo")).json()["teams"] == ["core"]
    assert [one["code"] for one in (await client.get("/v1/teams")).json()["items"]] == ["core"]
    unknown = await client.put(url, json={"name": "Core", "members": ["bo", "zoe"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_team")
    assert unknown.json()["errors"][0]["pointer"] == "/members/1"
    assert (await client.get(url)).json()["members"] == ["bo"]
    assert (await client.get("/v1/teams/none")).json()["code"] == "team_not_found"


async def test_people_are_for_supervisors_to_change_and_for_all_to_read(client_as):
    agent = client_as("tickets:read", "tickets:write")
    assert (await agent.put("/v1/agents/wang", json=WANG)).status_code == 403
    assert (await agent.put("/v1/teams/core", json={"name": "Core"})).status_code == 403
    assert (await agent.get("/v1/agents")).status_code == 200


@pytest.mark.parametrize(
    "hours", [[(0, 24 * 365)], [(0, 4.1)], [(0, 2), (2, 4), (4, 6)], [(0, 3), (20, 22)]], ids=str
)
async def test_breaks_of_ones_own_are_of_four_hours_a_day(put, plan, client_as, client, hours):
    await put()
    own = client_as("tickets:write", "tickets:read", actor_id="wang")
    refused = await plan("wang", *hours, kind="break", by=own)
    assert (refused.status_code, refused.json()["code"]) == (422, "breaks_too_long")
    assert (await client.get("/v1/agents/wang/shifts")).json()["items"] == []
    assert (await plan("wang", *hours, kind="break")).status_code == 201


async def test_breaks_that_were_taken_before_count_too(put, plan, client_as):
    await put()
    own = client_as("tickets:write", "tickets:read", actor_id="wang")
    assert (await plan("wang", (0, 3), kind="break", by=own)).status_code == 201
    assert (await plan("wang", (22, 23.5), kind="break", by=own)).status_code == 422
    assert (await plan("wang", (25, 28), kind="break", by=own)).status_code == 201
