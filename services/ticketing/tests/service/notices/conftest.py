from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_common.timers import claim
from careloop_ticketing.escalation import service as escalation
from careloop_ticketing.sla.service import TIMER

LEVELS = {
    name: {"name": name, "percent": percent, "action": "notify", "level": name}
    for name, percent in (("manager", 100), ("regional_head", 125), ("group_committee", 150))
}


@pytest.fixture
async def levels(publish_clocks):
    """A clock of an hour that tells three levels, one behind the other."""
    clock = {"targets": [{"seconds": 3600}], "ladders": [{"ladder": "levels"}]}
    await publish_clocks(ladders={"levels": list(LEVELS.values())}, loop=clock)


@pytest.fixture
def agents(client):
    """`await agents("wang", "li", level="manager")`: people who are known and always there, unless told otherwise."""

    async def put(*ids, **given):
        for agent_id in ids:
            body = {"name": agent_id.title(), "languages": ["zh"], **given}
            answer = await client.put(f"/v1/agents/{agent_id}", json=body)
            assert answer.status_code in {200, 201}, answer.text

    return put


@pytest.fixture
def on_leave(client):
    """`await on_leave("wang", hours=2)`: from an hour ago on."""

    async def plan(agent_id, hours=2):
        starts, ends = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=hours)
        span = {"kind": "leave", "starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
        answer = await client.post(f"/v1/agents/{agent_id}/shifts", json={"items": [span]})
        assert answer.status_code == 201, answer.text

    return plan


@pytest.fixture
def roster(client):
    """`await roster(manager="m", group_committee=["a", "b"], fallback=["desk"])` publishes one of posts everywhere."""

    async def publish(*posts, fallback=(), **levels):
        everywhere = [
            {"level": level, "holders": [held] if isinstance(held, str) else held}
            for level, held in levels.items()
        ]
        body = {"name": "Test", "posts": [*posts, *everywhere], "fallback": list(fallback)}
        answer = await client.put("/v1/duty-rosters", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"]

    return publish


@pytest.fixture
def climb(runtime):
    """`await climb(hours=30)`: the worker looks at all clocks so many hours from now."""

    async def look(**ahead):
        now = clock.now() + timedelta(**ahead)
        async with runtime.database.transaction() as session:
            while due := await claim.due(session, now=now, kinds=[TIMER], limit=100):
                await escalation.on_due(session, due, now)

    return look


@pytest.fixture
def as_person(client_as):
    """`as_person("wang")`: a client through which an agent works, who is no supervisor."""
    return lambda person: client_as("tickets:read", "tickets:write", actor_id=person)


@pytest.fixture
def notices(client_as):
    """`await notices("wang")`: their notices, unread ones first."""

    async def read(person, **asked):
        answer = await client_as("tickets:read", actor_id=person).get("/v1/notices", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return read


@pytest.fixture
def desk(client_as):
    """`await desk("wang")`: the numbers of the tickets that wait for them."""

    async def read(person):
        answer = await client_as("tickets:read", actor_id=person).get("/v1/escalations/desk")
        assert answer.status_code == 200, answer.text
        return [item["ticket"]["number"] for item in answer.json()["items"]]

    return read
