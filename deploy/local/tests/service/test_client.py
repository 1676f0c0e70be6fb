import aiohttp
import pytest
from aiohttp import web
from careloop_local.client import Gateway, Refused


@pytest.fixture
async def serve():
    """Serves a handler, and gives a client of it."""
    runner: web.AppRunner | None = None
    sessions: list[aiohttp.ClientSession] = []

    async def start(handler) -> Gateway:
        nonlocal runner
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        sessions.append(aiohttp.ClientSession())
        return Gateway(sessions[0], f"http://{host}:{port}/")

    yield start
    for session in sessions:
        await session.close()
    if runner:
        await runner.cleanup()


async def test_a_problem_document_becomes_a_refusal_with_its_code(serve):
    async def handler(_):
        return web.json_response({"code": "ticket_not_found", "detail": "No ticket."}, status=404)

    gateway = await serve(handler)
    with pytest.raises(Refused, match="ticket_not_found") as refusal:
        await gateway.get("/v1/tickets/1")
    assert (refusal.value.status, refusal.value.code) == (404, "ticket_not_found")


async def test_an_answer_that_is_no_problem_document_is_told_too(serve):
    async def handler(_):
        return web.Response(status=502, text="<h1>Bad gateway</h1>")

    gateway = await serve(handler)
    with pytest.raises(Refused, match="Bad gateway"):
        await gateway.get("/")


async def test_it_waits_and_tries_again_when_asked_to(serve):
    answers = [429, 503, 200]

    async def handler(_):
        return web.json_response({"left": len(answers)}, status=answers.pop(0), headers={"Retry-After": "0"})

    gateway = await serve(handler)
    assert await gateway.post("/v1/tickets", {"kind": "complaint"}) == {"left": 1}


async def test_bodies_are_json_and_keys_are_sent(serve):
    seen = {}

    async def handler(request):
        seen.update(body=await request.json(), key=request.headers["idempotency-key"])
        return web.Response(status=204)

    gateway = await serve(handler)
    assert await gateway.post("/v1/tickets", {"text": "太慢了"}, key="a-1") is None
    assert seen == {"body": {"text": "太慢了"}, "key": "a-1"}


async def test_every_page_of_a_list_is_read(serve):
    async def handler(request):
        start = int(request.query.get("cursor", 0))
        return web.json_response(
            {"items": [start, start + 1], "next_cursor": start + 2 if start < 4 else None}
        )

    gateway = await serve(handler)
    assert [item async for item in gateway.pages("/v1/customers", source="x")] == [0, 1, 2, 3, 4, 5]
