"""Drills: planned, reported once, and followed by measures that somebody answers for."""

import asyncio
from datetime import timedelta

import pytest
from careloop_common import clock, ids, zones

ZONE = zones.zone("Asia/Shanghai")


@pytest.fixture
async def team(client):
    for agent_id in ("wang", "li"):
        body = {"name": agent_id.title(), "languages": ["zh"]}
        assert (await client.put(f"/v1/agents/{agent_id}", json=body)).status_code == 201
    body = {"name": "Network", "members": ["wang", "li"]}
    assert (await client.put("/v1/teams/network", json=body)).status_code == 201


def drill(**given):
    planned_at = (clock.now() + timedelta(days=7)).isoformat()
    about = {"team": "network", "scenario": "省际光缆中断", "planned_at": planned_at}
    return {**about, "participants": ["wang", "li"], **given}


def measure(owner_id="wang", days=7, what="更新应急预案"):
    day = clock.now().astimezone(ZONE).date() + timedelta(days=days)
    return {"what": what, "owner_id": owner_id, "due_on": day.isoformat()}


def report(*measures, **given):
    return {"done_at": clock.now().isoformat(), "findings": "联络表过期", "measures": measures, **given}


@pytest.fixture
def plan(client, team):
    async def post(**given):
        answer = await client.post("/v1/drills", json=drill(**given))
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/v1/drills/{answer.json()['id']}"
        return answer.json()

    return post


@pytest.fixture
def done(client, plan):
    """`await done(measure(…))`: the measures of a drill that has taken place."""

    async def post(*measures, **given):
        url = f"/v1/drills/{(await plan(**given))['id']}"
        answer = await client.post(f"{url}/report", json=report(*measures))
        assert answer.status_code == 200, answer.text
        return (await client.get(url)).json()["measures"]

    return post


async def test_a_drill_is_planned_planned_anew_and_called_off(client, plan):
    planned = await plan()
    url = f"/v1/drills/{planned['id']}"
    shown = await client.get(url)
    assert (shown.json(), shown.headers["etag"]) == ({**planned, "measures": []}, '"1"')
    changed = await client.put(url, json=drill(participants=["li"]), headers={"if-match": '"1"'})
    assert (changed.json()["version"], changed.json()["participants"]) == (2, ["li"])
    assert (await client.put(url, json=drill(), headers={"if-match": '"1"'})).status_code == 412
    assert (await client.delete(url, headers={"if-match": '"1"'})).status_code == 412
    assert (await client.delete(url)).status_code == 204
    for method in ("get", "delete"):
        missing = await getattr(client, method)(url)
        assert (missing.status_code, missing.json()["code"]) == (404, "drill_not_found")


@pytest.mark.parametrize(
    ("given", "code", "pointer"),
    [
        ({"team": "none"}, "team_unknown", "/team"),
        ({"participants": ["wang", "nobody"]}, "invalid_drill", "/participants/1"),
        ({"participants": ["wang", "wang"]}, "invalid_drill", "/participants/1"),
        ({"participants": []}, "validation_failed", "/participants"),
        ({"scenario": ""}, "validation_failed", "/scenario"),
        ({"scenario": "a\0"}, "validation_failed", "/scenario"),
        ({"planned_at": "tomorrow"}, "validation_failed", "/planned_at"),
    ],
)
async def test_a_drill_that_cannot_be_is_refused(client, plan, given, code, pointer):
    planned = await plan()
    for answer in (
        await client.post("/v1/drills", json=drill(**given)),
        await client.put(f"/v1/drills/{planned['id']}", json=drill(**given)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["errors"][0]["pointer"] == pointer
    listed = (await client.get("/v1/drills")).json()["items"]
    assert listed == [planned]


async def test_a_drill_that_has_taken_place_stays_as_it_is(client, plan):
    url = f"/v1/drills/{(await plan())['id']}"
    reports = await asyncio.gather(*(client.post(f"{url}/report", json=report(measure())) for _ in range(3)))
    assert sorted(answer.status_code for answer in reports) == [200, 409, 409]
    for answer in (await client.put(url, json=drill()), await client.delete(url)):
        assert (answer.status_code, answer.json()["code"]) == (409, "drill_done")
    shown = (await client.get(url)).json()
    assert (shown["findings"], [one["what"] for one in shown["measures"]]) == ("联络表过期", ["更新应急预案"])


@pytest.mark.parametrize(
    ("given", "code", "pointer"),
    [
        ({"done_at": "2199-01-01T00:00:00Z"}, "invalid_drill", "/done_at"),
        ({"measures": [measure(), measure("nobody")]}, "invalid_drill", "/measures/1/owner_id"),
        ({"measures": [{"what": "无人负责"}]}, "validation_failed", "/measures/0/owner_id"),
        ({"findings": ""}, "validation_failed", "/findings"),
    ],
)
async def test_a_report_that_cannot_be_is_refused_and_changes_nothing(client, plan, given, code, pointer):
    planned = await plan()
    answer = await client.post(f"/v1/drills/{planned['id']}/report", json=report(**given))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get(f"/v1/drills/{planned['id']}")).json() == {**planned, "measures": []}


async def test_measures_whose_day_has_passed_are_overdue_until_they_are_done(client, done):
    await done(measure(days=-1, what="昨"), measure("li", days=-9, what="早"), measure(days=0, what="今"))

    async def open_(**params):
        items = (await client.get("/v1/drill-measures", params=params)).json()["items"]
        return [(one["what"], one["overdue"]) for one in items]

    assert await open_() == [("早", True), ("昨", True), ("今", False)]
    assert await open_(overdue=True) == [("早", True), ("昨", True)]
    assert await open_(overdue=True, owner_id="wang") == [("昨", True)]
    assert await open_(team="other") == []
    first = (await client.get("/v1/drill-measures", params={"limit": 2})).json()
    rest = (await client.get("/v1/drill-measures", params={"cursor": first["next_cursor"]})).json()
    assert [one["what"] for one in first["items"] + rest["items"]] == ["早", "昨", "今"]
    url = f"/v1/drill-measures/{first['items'][0]['id']}/done"
    said, again = await client.post(url), await client.post(url)
    assert (said.status_code, said.json()["overdue"]) == (200, False)
    assert again.json() == said.json()
    assert await open_(overdue=True) == [("昨", True)]


async def test_a_measure_is_done_by_its_owner_or_a_supervisor(client_as, done):
    (one,) = await done(measure("wang"))
    url = f"/v1/drill-measures/{one['id']}/done"
    refused = await client_as("tickets:read", actor_id="li").post(url)
    assert (refused.status_code, refused.json()["scope"]) == (403, "tickets:supervise")
    own = await client_as("tickets:read", actor_id="wang").post(url)
    assert (own.status_code, own.json()["done_by"]) == (200, "wang")
    chief = client_as("tickets:read", "tickets:supervise", actor_id="chief")
    assert (await chief.post(url)).json()["done_by"] == "wang"
    missing = await chief.post(f"/v1/drill-measures/{ids.new_id()}/done")
    assert (missing.status_code, missing.json()["code"]) == (404, "drill_measure_not_found")


async def test_drills_are_listed_by_team_and_by_whether_they_have_taken_place(client, plan, done):
    await done()
    await plan()
    for params, count in (
        ({}, 2),
        ({"done": True}, 1),
        ({"team": "network", "done": False}, 1),
        ({"team": "x"}, 0),
    ):
        assert len((await client.get("/v1/drills", params=params)).json()["items"]) == count, params
    first = (await client.get("/v1/drills", params={"limit": 1})).json()
    rest = (await client.get("/v1/drills", params={"cursor": first["next_cursor"]})).json()
    assert [one["done_at"] is None for one in first["items"] + rest["items"]] == [True, False]
    wrong = await client.get("/v1/drill-measures", params={"cursor": first["next_cursor"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_cursor")
