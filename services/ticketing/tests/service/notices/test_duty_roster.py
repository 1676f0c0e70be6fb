"""The duty roster: published, replaced, and asked who would be told now."""

import asyncio

import pytest


async def test_a_roster_is_replaced_by_who_has_seen_the_active_one(client, agents):
    await agents("zhao")
    (first,) = (await client.get("/v1/duty-rosters")).json()["items"]
    assert (first["document"]["posts"], first["created_by"]) == ([], "system")
    body = {"name": "March", "posts": [{"level": "manager", "holders": ["zhao"], "regions": ["广东"]}]}
    seen = {"if-match": f'"{first["version"]}"'}
    answer = await client.put("/v1/duty-rosters", json=body, headers=seen)
    assert answer.status_code == 201, answer.text
    version = answer.json()["version"]
    assert answer.headers["etag"] == f'"{version}"'
    assert answer.headers["location"] == f"/v1/duty-rosters/{version}"
    late = await client.put("/v1/duty-rosters", json=body, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")
    shown = await client.get(f"/v1/duty-rosters/{version}")
    assert shown.json()["document"]["posts"][0]["holders"] == ["zhao"]
    assert [one["version"] for one in (await client.get("/v1/duty-rosters")).json()["items"]] == [
        version,
        first["version"],
    ]


async def test_of_two_who_saw_the_same_roster_one_replaces_it(client):
    version = (await client.get("/v1/duty-rosters")).json()["items"][0]["version"]
    puts = [
        client.put("/v1/duty-rosters", json={"name": name}, headers={"if-match": f'"{version}"'})
        for name in ("one", "other", "third")
    ]
    answers = await asyncio.gather(*puts)
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412]


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (
            {"name": "x", "posts": [{"level": "manager", "holders": ["ghost"]}]},
            "invalid_duty_roster",
            "/posts/0/holders/0",
        ),
        ({"name": "x", "fallback": ["gone"]}, "invalid_duty_roster", "/fallback/0"),
        (
            {"name": "x", "posts": [{"level": "manager", "holders": ["zhao"], "teams": ["none"]}]},
            "invalid_duty_roster",
            "/posts/0/teams/0",
        ),
        (
            {
                "name": "x",
                "posts": [
                    {
                        "level": "manager",
                        "holders": ["zhao"],
                        "since": "2026-03-02T00:00:00Z",
                        "until": "2026-03-01T00:00:00Z",
                    }
                ],
            },
            "invalid_duty_roster",
            "/posts/0/until",
        ),
        ({"name": "x", "posts": [{"level": "manager", "holders": []}]}, "validation_failed", None),
        ({"name": "x", "posts": [{"level": "king", "holders": ["zhao"]}]}, "validation_failed", None),
        ({"posts": []}, "validation_failed", None),
    ],
)
async def test_a_roster_that_cannot_be_is_refused_and_changes_nothing(client, agents, body, code, pointer):
    await agents("zhao")
    await agents("gone", active=False)
    answer = await client.put("/v1/duty-rosters", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    if pointer:
        assert problem["errors"][0]["pointer"] == pointer
    assert len((await client.get("/v1/duty-rosters")).json()["items"]) == 1
    assert (await client.get("/v1/duty-rosters/77")).json()["code"] == "duty_roster_not_found"


async def test_who_would_be_told_of_a_ticket_now_can_be_asked(
    client, agents, on_leave, roster, open_ticket, act
):
    await agents("zhao", "qian", "sun", "desk", "lead", "li")
    answer = await client.put("/v1/teams/net", json={"name": "net", "members": [], "lead_id": "lead"})
    assert answer.status_code == 201, answer.text
    version = await roster(
        {"level": "manager", "holders": ["zhao"], "deputies": ["qian"]},
        {"level": "regional_head", "holders": ["sun"], "teams": ["net"]},
        fallback=["desk"],
    )
    ticket = await open_ticket()
    await act(ticket, "assign", team="net")
    await client.put(f"/v1/tickets/{ticket['id']}/watchers/li")
    await on_leave("zhao")

    async def ask():
        answer = await client.get(f"/v1/tickets/{ticket['id']}/addressees")
        assert answer.status_code == 200, answer.text
        return answer.json()

    asked = await ask()
    assert (asked["roster_version"], asked["watchers"]) == (version, ["li"])
    assert asked["in_charge"] == [{"agent_id": "lead", "role": "team_lead"}]
    assert asked["levels"]["manager"] == [{"agent_id": "qian", "role": "deputy"}]
    assert asked["levels"]["regional_head"] == [{"agent_id": "sun", "role": "holder"}]
    assert asked["levels"]["group_committee"] == [{"agent_id": "desk", "role": "fallback"}]
    await roster()
    assert (await ask())["levels"]["manager"] == [{"agent_id": None, "role": "nobody"}]
    unknown = await client.get("/v1/tickets/00000000-0000-0000-0000-000000000001/addressees")
    assert unknown.json()["code"] == "ticket_not_found"
