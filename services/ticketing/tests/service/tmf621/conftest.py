"""Both versions of TM Forum Trouble Ticket over the same tickets."""

import pytest
import pytest_asyncio
from aiohttp import web
from careloop_ticketing.tmf621 import handlers

V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"


@pytest.fixture
def complaint():
    def document(version, **more):
        typed = {"@type": "TroubleTicket"} if version == 5 else {}
        return {
            "name": "宽带故障",
            "description": "家里宽带断了两天",
            "severity": "Major",
            "ticketType": "complaint",
            **typed,
            **more,
        }

    return document


@pytest.fixture
def create(client, complaint):
    async def one(version=5, **more):
        answer = await client.post(V5 if version == 5 else V4, json=complaint(version, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    return one


@pytest.fixture
def patch(client):
    async def one(
        ticket, *, version=5, status=200, kind="application/merge-patch+json", body=None, **changes
    ):
        answer = await client.patch(
            f"{V5 if version == 5 else V4}/{ticket['id']}",
            json=changes if body is None else body,
            headers={"content-type": kind},
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    return one


@pytest.fixture
def is_error():
    def check(answer, status, code):
        body = answer.json()
        assert (answer.status_code, body["status"], body["code"]) == (status, str(status), code), body
        assert answer.headers["content-type"] == "application/json"
        assert body["reason"]
        assert body["message"]
        assert body["referenceError"] == f"https://careloop.dev/errors#{code}"
        assert body["@type"] == "Error"
        return True

    return check


@pytest_asyncio.fixture(loop_scope="session")
async def listener():
    """Answers 204 and keeps what it got; what is in `answers` it answers first."""
    got, answers = [], []

    async def take(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        got.append((request.path, headers, await request.read()))
        status = answers.pop(0) if answers else 204
        return web.Response(status=status, headers={"location": "/elsewhere"} if status == 302 else {})

    app = web.Application()
    app.router.add_post("/{rest:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", got, answers
    await runner.cleanup()


@pytest.fixture
def subscribe(client, listener):
    async def one(hub="/tmf-api/troubleTicket/v5/hub", **given):
        typed = {"@type": "Hub"} if "/v5/" in hub else {}
        answer = await client.post(hub, json={"callback": listener[0], **typed, **given})
        assert answer.status_code == 201, answer.text
        return answer.json()

    return one


@pytest.fixture
def tell(runtime):
    """`await tell()`: what happened is told to all who can be told now."""

    async def all_of_it():
        while await handlers.write(runtime):
            pass
        await handlers.deliver(runtime)

    return all_of_it
