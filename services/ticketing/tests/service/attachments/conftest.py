from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.attachments.store import Store

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n\nstartxref\n9\n%%EOF\n"


@pytest.fixture
def upload(client):
    """`await upload(ticket, PDF, name="发票.pdf")` gives the answer."""

    async def post(ticket, content, by=client, headers=(), **query):
        path = f"/v1/tickets/{ticket['id']}/attachments"
        return await by.post(path, content=content, params=query, headers=dict(headers))

    return post


@pytest.fixture
def attached(upload):
    async def one(ticket, content=PDF, **given):
        answer = await upload(ticket, content, **given)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return one


@pytest.fixture
def listed(client):
    async def names(ticket):
        answer = await client.get(f"/v1/tickets/{ticket['id']}/attachments")
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    return names


@pytest.fixture
def store(runtime):
    return Store.of(runtime)


@pytest.fixture
def on_disk(runtime):
    def names():
        return sorted(path.name for path in runtime.settings.files.rglob("*") if path.is_file())

    return names


@pytest.fixture
def sweep(runtime, store):
    async def later(**passed):
        async with runtime.database.transaction() as session:
            return await attachments.sweep(session, store, now=clock.now() + timedelta(**passed))

    return later
