import asyncio

import httpx
import pytest
from aiohttp import web

TICKETS = "/v1/tickets"
CUSTOMERS = "/v1/customers"
JSON = {"content-type": "application/json"}


@pytest.fixture
def addresses(backend, backends):
    return {f"{name}_url": found.url for name, found in backends.items()} | {"ticketing_url": backend.url}


async def never(_):
    await asyncio.Event().wait()


async def test_a_service_that_is_down_gives_503_and_a_time_to_come_back(admin, backend, problem):
    await backend.stop()
    answer = await admin.get(TICKETS)
    problem(answer, 503, "upstream_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_slow_service_is_given_up_at_the_deadline(admin, backend, problem):
    given_up = asyncio.Event()

    async def slow(_):
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    backend.answer = slow
    loop = asyncio.get_running_loop()
    started = loop.time()
    answer = await admin.get(TICKETS, headers={"x-request-timeout": "1.5"})
    problem(answer, 504, "deadline_exceeded")
    assert loop.time() - started < 8, "the route would allow ten seconds"
    assert 0 < float(backend.last.headers["x-request-timeout"]) <= 1.5
    await asyncio.wait_for(given_up.wait(), 5)


@pytest.mark.parametrize("asked", ["0", "-1", "0.000001"])
async def test_no_time_at_all_is_a_deadline_too(admin, problem, asked):
    problem(await admin.get(TICKETS, headers={"x-request-timeout": asked}), 504, "deadline_exceeded")


@pytest.mark.parametrize("asked", ["nan", "inf", "soon", "9999"])
async def test_a_client_cannot_have_more_than_the_route_allows(admin, backend, asked):
    await admin.get(TICKETS, headers={"x-request-timeout": asked})
    assert float(backend.last.headers["x-request-timeout"]) <= 10


async def test_a_request_whose_body_does_not_come_is_ended(gateway, admin_key, eventually):
    host, port = httpx.URL(gateway).host, httpx.URL(gateway).port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        f"POST {TICKETS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {admin_key}\r\n"
        "x-request-timeout: 0.3\r\ncontent-length: 10\r\n\r\nabc".encode()
    )
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request_incomplete" in answer


async def truncated(request):
    response = web.StreamResponse()
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"half": ')
    request.transport.close()
    return response


async def unfinished(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b'{"half": ')
    request.transport.close()
    return response


async def garbled(request):
    request.transport.write(b"HTTP/1.1 two hundred\r\nnonsense\r\n\r\n")
    request.transport.close()
    return web.Response()


async def silent(request):
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize("broken", [truncated, unfinished, garbled, silent])
async def test_half_an_answer_is_never_passed_on(admin, backend, problem, broken):
    backend.answer = broken
    problem(await admin.post(TICKETS, json={}), 502, "upstream_broken")
    assert len(backend.requests) == 1, "a POST is not tried again"


async def test_an_answer_that_breaks_off_while_it_flows_is_seen_to_break_off(admin, backend):
    async def cut(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * (2 << 20))
        request.transport.close()
        return response

    backend.answer = cut
    with pytest.raises(httpx.RemoteProtocolError):
        await admin.get(TICKETS)


async def test_a_get_is_tried_once_more_when_its_connection_fails(admin, backend):
    async def first_fails(request):
        if len(backend.requests) == 1:
            request.transport.close()
        return web.json_response({"try": len(backend.requests)})

    backend.answer = first_fails
    answer = await admin.get(TICKETS)
    assert answer.status_code == 200
    assert answer.json() == {"try": 2}


async def test_a_post_is_tried_once_more_when_its_key_keeps_it_from_happening_twice(admin, backend, problem):
    async def first_fails(request):
        body = await request.text()
        if len(backend.requests) == 1:
            request.transport.close()
        return web.json_response({"try": len(backend.requests), "body": body})

    backend.answer = first_fails
    answer = await admin.post(TICKETS, content=b"{}", headers={"idempotency-key": "k", **JSON})
    assert answer.json() == {"try": 2, "body": "{}"}
    backend.requests.clear()
    problem(await admin.post(TICKETS, json={}), 502, "upstream_broken")


async def test_the_breaker_opens_and_closes_again_when_the_service_is_back(admin, backend, app, eventually):
    port = httpx.URL(backend.url).port
    await backend.stop()
    for _ in range(12):
        await admin.get(TICKETS)
    breaker = app.proxy.upstreams["ticketing"].breaker
    assert breaker.state == "open"
    assert (await admin.get(CUSTOMERS)).status_code == 200, "other services are not concerned"
    await backend.start(port)

    async def back():
        return (await admin.get(TICKETS)).status_code == 200

    await eventually(back, timeout=5)
    assert breaker.state == "closed"


async def test_impatient_clients_do_not_open_the_breaker(admin, backend, app):
    backend.answer = never
    for _ in range(15):
        answer = await admin.get(TICKETS, headers={"x-request-timeout": "0.01"})
        assert answer.status_code == 504
    assert app.proxy.upstreams["ticketing"].breaker.state == "closed"


class TestUnderLoad:
    @pytest.fixture
    def settings_overrides(self, settings_overrides):
        return {**settings_overrides, "upstream_concurrency": 10}

    async def test_a_stuck_service_does_not_take_the_others_with_it(
        self, admin, backend, problem, app, eventually
    ):
        backend.answer = never
        stuck = [asyncio.create_task(admin.get(TICKETS)) for _ in range(9)]
        bulkhead = app.proxy.upstreams["ticketing"].bulkhead
        await eventually(lambda: bulkhead.under_way == 9)
        answer = await admin.get(TICKETS)
        problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"]
        assert (await admin.get(CUSTOMERS)).status_code == 200
        last = asyncio.create_task(admin.post(TICKETS, json={}))
        await eventually(lambda: bulkhead.under_way == 10)
        problem(await admin.post(TICKETS, json={}), 503, "overloaded")
        for task in [*stuck, last]:
            task.cancel()
        await asyncio.gather(*stuck, last, return_exceptions=True)


async def test_no_place_is_lost_whatever_happens(admin, backend, app, eventually):
    for broken in (truncated, garbled, silent, never):
        backend.answer = broken
        await admin.get(TICKETS, headers={"x-request-timeout": "0.2"})
    bulkhead = app.proxy.upstreams["ticketing"].bulkhead
    await eventually(lambda: bulkhead.under_way == 0)
