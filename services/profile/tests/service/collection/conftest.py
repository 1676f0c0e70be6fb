from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_profile.identifiers.keys import customer_id_of
from sqlalchemy import text

NOW = clock.now().replace(microsecond=0)
LIBRARY = {"library": {"name": "analytics.js", "version": "2.1"}}


@pytest.fixture
def shop(client_as):
    """A client as the key called `Web shop` has it."""
    return client_as("interactions:write", actor_id="key:k1", kind="key", name="Web shop")


@pytest.fixture
def message():
    """`message("track", 1, event=…)`: a message as an SDK sends it, that many minutes ago."""

    def make(verb, number=1, **members):
        who = {} if {"userId", "anonymousId"} & members.keys() else {"userId": "u-1"}
        return {
            "type": verb,
            "messageId": f"m-{verb}-{number}",
            "timestamp": (NOW - timedelta(minutes=number)).isoformat(),
            "context": LIBRARY,
            **who,
            **members,
        }

    return make


@pytest.fixture
def send(shop):
    """`await send(*messages, **members)`: one batch."""

    async def post(*messages, **members):
        answer = await shop.post("/v1/batch", json={"batch": list(messages), **members})
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text
        return answer

    return post


@pytest.fixture
def rows(runtime):
    """`await rows("SELECT …", **parameters)` of what is committed now."""

    async def query(sql, **parameters):
        async with runtime.database.transaction() as session:
            return (await session.execute(text(sql), parameters)).all()

    return query


@pytest.fixture
def customer(insider):
    """`await customer("u-1")`: the customer of the web shop, or None."""

    async def get(external_id, source="web-shop"):
        answer = await insider.get(f"/v1/customers/{customer_id_of(source, external_id)}")
        return answer.json() if answer.status_code == 200 else None

    return get
