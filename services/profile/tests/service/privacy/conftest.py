import json

import pytest
from careloop_common import clock
from careloop_contracts import (
    CampaignCustomerErasedV1,
    CustomerErasedV1,
    ScoreCustomerErasedV1,
    TicketCustomerErasedV1,
)
from sqlalchemy import text

PLANTED = {
    "name": "欧阳靖海",
    "phone": "13877665544",
    "email": "ouyang.jinghai@126.com",
    "identity_number": "440305198307192374",
    "birth_date": "1983-07-19",
    "address": "广东省深圳市南山区科苑路15号",
}


@pytest.fixture
def planted():
    """What a customer is registered with, and nothing else may be mistaken for."""
    return PLANTED


@pytest.fixture
def officer(client_as):
    """Who sees to privacy."""
    return client_as(
        "customers:read",
        "customers:personal",
        "privacy:audit",
        "privacy:erase",
        "privacy:export",
        actor_id="officer",
    )


@pytest.fixture
def erase(officer):
    async def ask(customer_id, **more):
        answer = await officer.post("/v1/erasure-requests", json={"customer_id": customer_id, **more})
        assert answer.status_code == 202, answer.text
        return answer.json()

    return ask


@pytest.fixture
def erasure(officer):
    """`await erasure(request)`: the request as it is now, once it is in that state."""

    async def find(request):
        answer = await officer.get(f"/v1/erasure-requests/{request['request_id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return find


@pytest.fixture
def obey(publish, published):
    """The other services obey."""

    async def answer():
        for event in await published(CustomerErasedV1):
            for said in (CampaignCustomerErasedV1, ScoreCustomerErasedV1, TicketCustomerErasedV1):
                await publish(
                    said(
                        customer_id=event.customer_id,
                        request_id=event.request_id,
                        at=clock.now(),
                        done={"rows": 3},
                    )
                )

    return answer


@pytest.fixture
def mentions(runtime):
    """`await mentions(word, …)`: the tables, with their rows, in which any of the words can be read."""

    async def find(*words):
        found = {}
        async with runtime.database.transaction() as session:
            tables = await session.scalars(
                text(
                    "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                    " WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition"
                )
            )
            for table in tables:
                rows = await session.scalars(text(f'SELECT CAST(t AS text) FROM "{table}" AS t'))
                hits = [row for row in rows if any(_reads(row, word) for word in words)]
                if hits:
                    found[table] = hits
        return found

    return find


def _reads(row, word):
    """Bytes are written in hex."""
    return word in row or word.encode().hex() in row or json.dumps(word).strip('"') in row
