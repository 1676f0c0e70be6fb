import pytest
from careloop_common import clock
from careloop_ticketing.dispatch.service import dispatching
from careloop_ticketing.dispatch.service.dispatching import Walk


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
