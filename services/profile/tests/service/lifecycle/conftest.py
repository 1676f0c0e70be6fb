from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile import looking
from careloop_profile.tags.service.evaluating import Parts


@pytest.fixture
def evaluator(runtime):
    return looking.evaluator(runtime)


@pytest.fixture
def look(runtime, evaluator):
    """`await look(customer, now=…)`: what the worker does when it hears of customers, or when a timer rings."""

    async def at(*customers, now=None, kind="customer"):
        persons = {UUID(customer["customer_id"]) for customer in customers}
        async with runtime.database.transaction() as session:
            return await evaluator.look(session, persons, Parts.BOTH, {"kind": kind}, now=now or clock.now())

    return at


@pytest.fixture
def read(client):
    async def get(path, **params):
        answer = await client.get(f"/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture
def standing(read):
    async def of(customer):
        return await read(f"customers/{customer['customer_id']}/lifecycle")

    return of
