import pytest
from careloop_ticketing import defaults


@pytest.fixture
def people(client):
    async def put(**levels):
        for name, level in levels.items():
            body = {"name": name, "languages": ["zh"], "level": level, "capacity": 2}
            assert (await client.put(f"/v1/agents/{name}", json=body)).status_code in {200, 201}

    return put


async def test_the_shipped_routing_is_the_first_version(client):
    (shipped,) = (await client.get("/v1/routing-policies")).json()["items"]
    assert (shipped["version"], shipped["name"]) == (1, "Standard")
    assert [rule["name"] for rule in shipped["document"]["rules"]] == ["management", "vip", "standard"]


async def test_a_new_routing_is_a_new_version_and_active_at_once(client, people, open_ticket):
    await people(wang="front_line")
    answer = await client.put("/v1/routing-policies", json=defaults.routing() | {"name": "Other"})
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/routing-policies/2")
    assert [one["version"] for one in (await client.get("/v1/routing-policies")).json()["items"]] == [2, 1]
    assert (await client.get("/v1/routing-policies/2")).json() == answer.json()
    ticket = await open_ticket()
    assert (await client.get(f"/v1/tickets/{ticket['id']}/dispatch")).json()["routing_version"] == 2
    assert (await client.get("/v1/routing-policies/9")).json()["code"] == "routing_policy_not_found"


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"when": "vip && !vip"}, "/rules/0/when"),
        ({"when": "vip &&"}, "/rules/0/when"),
        ({"team": "nowhere"}, "/rules/0/team"),
        ({"skill": "juggling"}, "/rules/0/skill"),
        ({"certificate": 2}, "/rules/0/certificate"),
        ({"certificate": 6}, "/rules/0/certificate"),
        ({"region": "near"}, "/rules/0/region"),
        ({"colour": "red"}, "/rules/0/colour"),
    ],
)
async def test_a_routing_that_cannot_work_is_refused_and_nothing_changes(client, rule, pointer):
    body = {"name": "Broken", "rules": [{"name": "only", **rule}]}
    for answer in (
        await client.put("/v1/routing-policies", json=body),
        await client.post("/v1/routing-policies/preview", json={"policy": body}),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].removeprefix("/policy") == pointer
    assert len((await client.get("/v1/routing-policies")).json()["items"]) == 1


async def test_a_preview_shows_who_would_get_what_and_changes_nothing(client, people, open_ticket, facts):
    await people(wang="front_line", expert="expert")
    tickets = [await open_ticket() for _ in range(5)]
    policy = {"name": "Experts first", "rules": [{"name": "hard", "level": "expert"}]}
    effect = (await client.post("/v1/routing-policies/preview", json={"policy": policy})).json()
    assert (effect["examined"], effect["placed"], effect["placed_then"]) == (5, 4, 2)
    assert (effect["by_rule"], effect["moved"]) == ({"hard": 5}, 4)
    first = effect["examples"][0]
    assert first["ticket_id"] == tickets[0]["id"]
    assert first["active"] == {"rule": "standard", "agent_id": "wang", "obstacle": None}
    assert first["proposed"] == {"rule": "hard", "agent_id": "expert", "obstacle": None}
    assert await facts(tickets[0]) == ["opened", "classified"]


async def test_routings_are_for_who_may_write_policies(client_as):
    supervisor = client_as("tickets:read", "tickets:write", "tickets:supervise")
    assert (await supervisor.put("/v1/routing-policies", json=defaults.routing())).status_code == 403
    assert (await supervisor.get("/v1/routing-policies/1")).status_code == 200


async def test_a_skill_in_which_all_certificates_have_run_out_is_refused(client):
    agent = {"name": "王芳", "languages": ["zh"]}
    policy = {"name": "x", "rules": [{"name": "a", "skill": "fibre"}]}
    for until, status in (("2020-01-01T00:00:00Z", 422), (None, 201)):
        certificate = {"skill": "fibre", "certificate": 3} | ({"valid_until": until} if until else {})
        assert (await client.put("/v1/agents/wang", json=agent | {"certificates": [certificate]})).is_success
        answer = await client.put("/v1/routing-policies", json=policy)
        assert answer.status_code == status
    assert len((await client.get("/v1/routing-policies")).json()["items"]) == 2


@pytest.mark.parametrize("when", ["reopened < 0", 'channel == ""', 'product == "warp_drive"'])
async def test_a_rule_that_no_ticket_can_meet_is_refused(client, when):
    rules = [{"name": "a", "when": when}, {"name": "b"}]
    answer = await client.put("/v1/routing-policies", json={"name": "x", "rules": rules})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rules/0/when")
