"""Courses: what passing one gives, until when, and who has to take it again."""

import asyncio
from datetime import timedelta

import pytest
from careloop_common import clock, ids, zones
from careloop_ticketing.staff import service as staff

ZONE = zones.zone("Asia/Shanghai")
SUPERVISOR = ("tickets:read", "tickets:supervise")


@pytest.fixture
def put_agent(client):
    async def put(agent_id="wang", **given):
        body = {"name": agent_id.title(), "languages": ["zh"], **given}
        answer = await client.put(f"/v1/agents/{agent_id}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    return put


@pytest.fixture
def put_course(client):
    async def put(code="fibre", headers=None, **given):
        body = {"name": "Fibre", "name_zh": "光纤", "skill": "fibre", "certificate": 3, "months": 12, **given}
        return await client.put(f"/v1/training/courses/{code}", json=body, headers=headers)

    return put


@pytest.fixture
def record(client):
    async def post(by=client, days_ago=0, **given):
        day = clock.now().astimezone(ZONE).date() - timedelta(days=days_ago)
        body = {"agent_id": "wang", "course": "fibre", "score": 80, "taken_on": day.isoformat(), **given}
        return await by.post("/v1/training/results", json=body)

    return post


@pytest.fixture
def certified(runtime):
    """`await certified("wang", days=400)`: what dispatch counts so many days from now."""

    async def of(agent_id="wang", **later):
        async with runtime.database.transaction() as session:
            return dict(
                (await staff.person(session, agent_id, now=clock.now() + timedelta(**later))).certificates
            )

    return of


async def test_a_course_is_made_known_and_changed_by_who_has_seen_it(client, put_course):
    new = await put_course()
    assert (new.status_code, new.headers["etag"]) == (201, '"1"')
    assert (await client.get("/v1/training/courses/fibre")).json() == new.json()
    assert (await put_course(headers={"if-match": '"1"'}, passing_score=70)).json()["version"] == 2
    stale = await put_course(headers={"if-match": '"1"'}, passing_score=90)
    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)
    assert (await put_course("new", headers={"if-match": '"1"'})).status_code == 412
    listed = (await client.get("/v1/training/courses")).json()["items"]
    assert [(one["code"], one["passing_score"]) for one in listed] == [("fibre", 70)]
    missing = await client.get("/v1/training/courses/none")
    assert (missing.status_code, missing.json()["code"]) == (404, "course_not_found")


@pytest.mark.parametrize(
    "given",
    [
        {"certificate": None},
        {"skill": None},
        {"certificate": 6},
        {"passing_score": 0},
        {"passing_score": 101},
        {"months": 0},
        {"name_zh": ""},
        {"skill": "Fibre optics"},
    ],
)
async def test_a_course_that_makes_no_sense_is_refused(client, put_course, given):
    answer = await put_course(**given)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await client.get("/v1/training/courses")).json()["items"] == []


async def test_who_passes_is_certified_until_it_runs_out(client, put_agent, put_course, record, certified):
    await put_agent()
    await put_course()
    passed = await record()
    assert (passed.status_code, passed.json()["passed"]) == (201, True)
    assert await certified() == await certified(days=360) == {"fibre": 3}
    assert await certified(days=367) == {}
    shown = (await client.get("/v1/agents/wang")).json()
    assert shown["certificates"] == []
    earned = {"skill": "fibre", "certificate": 3, "valid_until": passed.json()["valid_until"]}
    assert shown["earned"] == [earned]
    for skill, found in (("fibre", ["wang"]), ("copper", [])):
        listed = (await client.get("/v1/agents", params={"skill": skill})).json()["items"]
        assert [one["id"] for one in listed] == found
    routing = {"name": "Test", "rules": [{"name": "fibre", "skill": "fibre", "certificate": 3}]}
    assert (await client.put("/v1/routing-policies", json=routing)).status_code == 201


async def test_who_fails_or_took_it_too_long_ago_is_not(client, put_agent, put_course, record, certified):
    await put_agent()
    await put_course()
    assert (await record(score=59)).json()["passed"] is False
    assert (await record(days_ago=500)).json()["passed"] is True
    assert await certified() == {}
    assert (await client.get("/v1/agents/wang")).json()["earned"] == []


async def test_what_a_supervisor_gave_stays_and_the_higher_counts(put_agent, put_course, record, certified):
    by_hand = [{"skill": "fibre", "certificate": 2}, {"skill": "billing", "certificate": 5}]
    await put_agent(certificates=by_hand)
    await put_course()
    await put_course("basics", certificate=1)
    assert (await record(course="basics")).status_code == 201
    assert await certified() == {"fibre": 2, "billing": 5}
    assert (await record()).status_code == 201
    assert await certified() == {"fibre": 3, "billing": 5}
    assert await certified(days=400) == {"fibre": 2, "billing": 5}
    await put_agent(certificates=[])
    assert await certified() == {"fibre": 3}


async def test_a_later_failure_takes_nothing_away_nor_does_a_change_of_the_course(
    put_agent, put_course, record, certified
):
    await put_agent()
    await put_course()
    await record(days_ago=5)
    await record(score=10)
    await put_course(passing_score=100, certificate=5, months=1)
    assert await certified(days=300) == {"fibre": 3}


async def test_a_correction_takes_the_place_of_what_was_wrong(
    client, put_agent, put_course, record, certified
):
    await put_agent()
    await put_agent("li")
    await put_course()
    wrong = (await record()).json()
    right = (await record(agent_id="li", corrects=wrong["id"])).json()
    assert (await certified("wang"), await certified("li")) == ({}, {"fibre": 3})
    listed = (await client.get("/v1/training/results")).json()["items"]
    assert [(one["id"], one["corrects"], one["corrected_by"]) for one in listed] == [
        (right["id"], wrong["id"], None),
        (wrong["id"], None, right["id"]),
    ]
    again = await record(corrects=wrong["id"])
    assert (again.status_code, again.json()["code"]) == (409, "training_result_corrected")
    assert again.json()["corrected_by"] == right["id"]
    assert (await record(agent_id="li", score=0, corrects=right["id"])).status_code == 201
    assert (await certified("wang"), await certified("li")) == ({}, {})


async def test_of_two_who_correct_a_result_at_once_one_does(put_agent, put_course, record, certified):
    await put_agent()
    await put_course()
    wrong = (await record(score=0)).json()
    answers = await asyncio.gather(*(record(corrects=wrong["id"]) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await certified() == {"fibre": 3}


@pytest.mark.parametrize(
    ("given", "code", "pointer"),
    [
        ({"agent_id": "nobody"}, "agent_unknown", "/agent_id"),
        ({"course": "none"}, "invalid_training_result", "/course"),
        ({"days_ago": -1}, "invalid_training_result", "/taken_on"),
        ({"corrects": str(ids.new_id())}, "invalid_training_result", "/corrects"),
        ({"score": 101}, "validation_failed", "/score"),
        ({"score": -1}, "validation_failed", "/score"),
        ({"score": 60.5}, "validation_failed", "/score"),
        ({"taken_on": "yesterday"}, "validation_failed", "/taken_on"),
        ({"taken_on": "1969-12-31"}, "validation_failed", "/taken_on"),
        ({"agent_id": "a\0"}, "validation_failed", "/agent_id"),
    ],
)
async def test_a_result_that_cannot_be_is_refused_and_changes_nothing(
    client, put_agent, put_course, record, given, code, pointer
):
    await put_agent()
    await put_course()
    answer = await record(**given)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/v1/training/results")).json()["items"] == []


async def test_a_repeated_request_records_one_result(client, put_agent, put_course):
    await put_agent()
    await put_course()
    body = {"agent_id": "wang", "course": "fibre", "score": 80, "taken_on": "2026-01-05"}
    sent = [
        await client.post("/v1/training/results", json=body, headers={"idempotency-key": "one"})
        for _ in range(2)
    ]
    assert sent[0].json() == sent[1].json()
    assert len((await client.get("/v1/training/results")).json()["items"]) == 1


async def test_people_see_their_own_results_and_record_none(client_as, put_agent, put_course, record):
    for agent_id in ("wang", "li"):
        await put_agent(agent_id)
    await put_course()
    for agent_id in ("wang", "li"):
        await record(agent_id=agent_id)
    wang, chief = client_as("tickets:read", actor_id="wang"), client_as(*SUPERVISOR, actor_id="chief")
    mine = (await wang.get("/v1/training/results")).json()["items"]
    assert [one["agent_id"] for one in mine] == ["wang"]
    other = await wang.get("/v1/training/results", params={"agent_id": "li"})
    assert (other.status_code, other.json()["scope"]) == (403, "tickets:supervise")
    assert len((await chief.get("/v1/training/results")).json()["items"]) == 2
    first = (await chief.get("/v1/training/results", params={"limit": 1})).json()
    rest = (await chief.get("/v1/training/results", params={"cursor": first["next_cursor"]})).json()
    assert [one["agent_id"] for one in first["items"] + rest["items"]] == ["li", "wang"]
    assert (await record(by=wang, score=100)).status_code == 403
    assert (await wang.get("/v1/training/renewals")).status_code == 403


async def test_who_has_to_renew_is_listed_by_team_the_most_urgent_first(
    client, put_agent, put_course, record
):
    for agent_id in ("wang", "li", "zhao", "qian", "sun"):
        await put_agent(agent_id)
    team = {"name": "Network", "members": ["wang", "sun"]}
    assert (await client.put("/v1/teams/network", json=team)).status_code == 201
    await put_course()
    await put_course("for-ever", months=None)
    await put_course("gone")
    await record(agent_id="wang", days_ago=350)
    await record(agent_id="li", days_ago=400)
    await record(agent_id="zhao", days_ago=350)
    await record(agent_id="zhao", days_ago=10)
    await record(agent_id="qian", days_ago=350)
    await record(agent_id="sun", days_ago=20)
    await record(agent_id="sun", days_ago=350, score=0)
    for course in ("for-ever", "gone"):
        await record(agent_id="sun", course=course, days_ago=350)
    await put_course("gone", offered=False)
    await put_agent("qian", active=False)

    async def renewals(**params):
        answer = await client.get("/v1/training/renewals", params=params)
        assert answer.status_code == 200, answer.text
        return [(one["agent_id"], one["teams"], one["expired"]) for one in answer.json()["items"]]

    assert await renewals() == [("li", [], True), ("wang", ["network"], False)]
    assert await renewals(within_days=0) == [("li", [], True)]
    assert await renewals(team="network", within_days=366) == [
        ("wang", ["network"], False),
        ("sun", ["network"], False),
    ]
    page = (await client.get("/v1/training/renewals", params={"limit": 1})).json()
    rest = await client.get("/v1/training/renewals", params={"cursor": page["next_cursor"]})
    assert [one["agent_id"] for one in rest.json()["items"]] == ["wang"]
    missing = await client.get("/v1/training/renewals", params={"team": "none"})
    assert (missing.status_code, missing.json()["code"]) == (404, "team_not_found")
    assert (await client.get("/v1/training/renewals", params={"within_days": 367})).status_code == 422


async def test_a_result_that_was_corrected_has_not_to_be_renewed(client, put_agent, put_course, record):
    await put_agent()
    await put_course()
    wrong = (await record(days_ago=350)).json()
    await record(days_ago=350, score=0, corrects=wrong["id"])
    assert (await client.get("/v1/training/renewals")).json()["items"] == []
