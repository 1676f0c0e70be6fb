import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids, zones
from careloop_profile import looking
from careloop_profile.interactions.policy import Row, microseconds
from careloop_profile.interactions.service import recording
from careloop_profile.interactions.wire import Envelope
from careloop_profile.tags.service import filling
from careloop_profile.tags.service.counting import Counting
from careloop_profile.tags.service.evaluating import Parts
from careloop_profile.tags.service.recording import record
from sqlalchemy import text

NOW = clock.now()
YEAR = zones.day_of(NOW, "Asia/Shanghai").year
"""Ages are counted on the operator's day: when it is a new year there, it is still the old one in UTC."""
WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def evaluator(runtime):
    return looking.evaluator(runtime)


@pytest.fixture
def look(runtime, evaluator):
    """`await look(customer, …)`: what the worker does when it hears of customers."""

    async def at(*customers, parts=Parts.BOTH, kind="customer", now=NOW):
        persons = {UUID(customer["customer_id"]) for customer in customers}
        async with runtime.database.transaction() as session:
            return await evaluator.look(session, persons, parts, {"kind": kind}, now=now)

    return at


@pytest.fixture
async def people(register, look):
    """Five persons of 10, 30, 50, 70 and 90 years, in the order of their ids."""
    made = [
        await register(name=f"张{n}", birth_date=f"{YEAR - 10 - 20 * n}-01-01", status="active")
        for n in range(5)
    ]
    await look(*made)
    return made


@pytest.fixture
def happen(runtime):
    """`await happen(customer, "complaint", days=3)`: an interaction is stored, as from the stream."""
    known = recording.KnownCustomers()

    async def store(customer, kind, *, days=0, channel="hotline", amount="", times=1):
        moment = NOW - timedelta(days=days)
        who = customer["customer_id"]
        rows = [
            Row(
                ids.new_id().hex, who, "", "", channel, kind, str(microseconds(moment)), "f", "", amount, "{}"
            )
            for _ in range(times)
        ]
        envelope = Envelope(microseconds(NOW), times, list(map("\n".join, zip(*rows, strict=True))))
        async with runtime.database.transaction() as session:
            await recording.record(session, [envelope], known, now=NOW)

    return store


@pytest.fixture
def count(runtime, evaluator):
    """`await count()`: what was stored is counted, and whom it concerns looked at."""

    async def all_of_it():
        while await Counting(evaluator).count(runtime):
            pass

    return all_of_it


@pytest.fixture
def tags(client):
    """`await tags(customer)`: what the person has, by the code."""

    async def read(customer):
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/tags")
        assert answer.status_code == 200, answer.text
        return {one["code"]: one for one in answer.json()["items"]}

    return read


@pytest.fixture
def explain(client):
    async def read(customer, code):
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/tags/{code}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


@pytest.fixture
def history(client):
    async def read(customer, **params):
        path = f"/v1/customers/{customer['customer_id']}/tag-history"
        answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return read


@pytest.fixture
def propose(client):
    """`await propose("young", rule="age < 30")`: the version that is not in force yet."""

    async def post(code, **facts):
        body = {"code": code, "name": code, "name_zh": code, "category": "own", "owner": "crm team"}
        answer = await client.post("/v1/tag-definitions", json=body | facts)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


@pytest.fixture
def publish(client):
    async def post(version):
        path = f"/v1/tag-definitions/{version['code']}/versions/{version['version']}/publish"
        return await client.post(path)

    return post


@pytest.fixture
def fill(runtime):
    """`await fill()`: everybody is asked for what has been published."""

    async def all_of_them(limit=2, now=NOW):
        more = True
        while more:
            more = False
            for step in (filling.fill, record, filling.sweep):
                async with runtime.database.transaction() as session:
                    more = await step(session, now=now, limit=limit) or more

    return all_of_them


@pytest.fixture
def waiting(runtime, eventually):
    """`await waiting(2)`: until so many wait for a lock."""

    async def until(number, timeout=10):  # noqa: ASYNC109
        async def enough():
            async with runtime.database.transaction() as session:
                return await session.scalar(text(WAITING)) >= number

        await eventually(enough, timeout=timeout)

    return until


@pytest.fixture
def together():
    """Runs several at once; each answers for itself."""

    async def run(*jobs):
        return await asyncio.gather(*jobs, return_exceptions=True)

    return run
