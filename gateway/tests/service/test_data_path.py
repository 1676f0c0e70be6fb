import asyncio
import json
from urllib.parse import urlsplit

import jwt
import pytest
from aiohttp import web
from careloop_common import clock
from careloop_common.tokens import TokenVerifier

CUSTOMER = "/v1/customers/0198c0de-0000-7000-8000-000000000001"


async def raw(address: str, request: bytes) -> bytes:
    """Send these bytes and read until the server closes."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_a_request_reaches_its_service_with_path_query_and_body(admin, backend):
    answer = await admin.post("/v1/tickets?x=%C3%A4&y=a%20b", json={"subject": "慢"})
    assert answer.json() == {"path": "/v1/tickets?x=%C3%A4&y=a%20b", "method": "POST"}
    assert json.loads(backend.bodies[-1]) == {"subject": "慢"}


async def test_a_service_is_told_who_calls_by_an_internal_token(admin, backend, signer, admin_key):
    await admin.get(CUSTOMER)
    token = backend.last.headers["authorization"].removeprefix("Bearer ")
    actor = TokenVerifier(signer.public_pem).verify(token, clock.now())
    assert actor.id == f"key:{admin_key.split('_')[1]}"
    assert actor.kind == "api_key"
    assert actor.may("customers:read")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] <= 60
    assert jwt.get_unverified_header(token)["typ"] == "internal+jwt"


async def test_internal_tokens_are_signed_once_for_many_requests(admin, backend):
    for _ in range(3):
        await admin.get(CUSTOMER)
    assert len({request.headers["authorization"] for request in backend.requests}) == 1


async def test_what_a_client_says_about_itself_is_not_passed_on(admin, backend):
    spoofed = {
        "x-internal-actor": "root",
        "x-forwarded-for": "1.2.3.4",
        "forwarded": "for=1.2.3.4",
        "cookie": "a=b",
        "connection": "close, x-hop",
        "x-hop": "1",
        "te": "trailers",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "if-match": '"3"',
        "x-request-id": "mine",
    }
    await admin.get(CUSTOMER, headers=spoofed)
    got = backend.last.headers
    for name in ("x-internal-actor", "forwarded", "cookie", "x-hop", "te", "x-api-key"):
        assert name not in got
    assert got["if-match"] == '"3"'
    assert got["x-request-id"] == "mine"
    assert 9 < float(got["x-request-timeout"]) <= 10


async def test_an_answer_comes_back_with_status_and_headers_but_not_those_of_the_hop(admin, backend):
    async def answer(_):
        return web.Response(
            status=201,
            text="made",
            headers={
                "etag": '"1"',
                "location": "/v1/tickets/1",
                "keep-alive": "timeout=5",
                "x-internal-a": "b",
            },
        )

    backend.answer = answer
    made = await admin.post("/v1/tickets", json={})
    assert (made.status_code, made.text) == (201, "made")
    assert made.headers["etag"] == '"1"'
    assert made.headers["location"] == "/v1/tickets/1"
    assert made.headers["cache-control"] == "no-store"
    assert made.headers["x-content-type-options"] == "nosniff"
    assert made.headers["x-request-id"]
    assert len(made.headers.get_list("date")) == 1
    assert not {"keep-alive", "x-internal-a"} & made.headers.keys()


async def test_compressed_answers_pass_as_they_are(admin, backend):
    async def answer(_):
        response = web.json_response({"text": "a" * 1000})
        response.enable_compression(web.ContentCoding.gzip)
        return response

    backend.answer = answer
    answered = await admin.get(CUSTOMER, headers={"accept-encoding": "gzip"})
    assert answered.headers["content-encoding"] == "gzip"
    assert answered.json() == {"text": "a" * 1000}


@pytest.mark.parametrize("size", [10, 1 << 20, 3 << 20])
@pytest.mark.parametrize("declared", [True, False])
async def test_answers_of_any_size_come_whole(admin, backend, size, declared):
    async def answer(request):
        response = web.StreamResponse()
        if declared:
            response.content_length = size
        await response.prepare(request)
        for start in range(0, size, 100_000):
            await response.write(b"x" * min(100_000, size - start))
        await response.write_eof()
        return response

    backend.answer = answer
    answered = await admin.get(CUSTOMER)
    assert answered.status_code == 200
    assert len(answered.content) == size


async def test_an_answer_without_content_has_none(admin, backend):
    async def answer(_):
        return web.Response(status=204)

    backend.answer = answer
    answered = await admin.get(CUSTOMER)
    assert answered.status_code == 204
    assert answered.content == b""


@pytest.mark.parametrize("size", [1000, 200_000, 3 << 20])
async def test_request_bodies_of_any_allowed_size_flow_through(admin, backend, size):
    body = b"[" + b" " * (size - 2) + b"]"
    answer = await admin.post("/v1/interactions/batch", content=body)
    assert answer.status_code == 200
    assert backend.bodies[-1] == body


FILE = "/v1/tickets/0198c0de-0000-7000-8000-000000000002/attachments"


async def test_a_file_goes_in_and_comes_out_as_it_is(admin, backend):
    data = bytes(range(256)) * (12 << 10)
    said = {
        "content-type": "image/jpeg",
        "content-disposition": "attachment; filename*=UTF-8''%E5%8F%91.jpg",
        "cache-control": "private, no-store",
        "etag": '"abc"',
        "x-content-type-options": "nosniff",
    }

    async def answer(request):
        body = await request.content.read()
        assert request.headers["content-disposition"] == 'attachment; filename="发票.jpg"'
        assert request.headers["content-type"] == "image/jpeg"
        return web.Response(body=body, headers=said)

    backend.answer = answer
    named = {"content-disposition": 'attachment; filename="发票.jpg"'.encode(), "content-type": "image/jpeg"}
    for content in (data, b"\xff\xd8\xff"):
        answered = await admin.post(FILE, content=content, headers=named)
        assert answered.content == content
        assert {name: answered.headers[name] for name in said} == said
        assert answered.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("size", [44, 3 << 20])
async def test_a_file_is_asked_about_without_being_sent(admin, backend, size):
    async def answer(request):
        if request.headers.get("if-none-match") == '"abc"':
            return web.Response(status=304, headers={"etag": '"abc"'})
        return web.Response(body=b"x" * size, headers={"etag": '"abc"'})

    backend.answer = answer
    path = f"{FILE}/0198c0de-0000-7000-8000-000000000003/content"
    head = await admin.head(path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    known = await admin.get(path, headers={"if-none-match": '"abc"'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", '"abc"')
    assert len((await admin.get(path)).content) == size


async def test_only_files_may_be_as_large_as_a_file(admin, backend, problem):
    problem(await admin.post(FILE, content=bytes((20 << 20) + 1)), 413, "body_too_large")
    assert not backend.requests
    assert (await admin.post(FILE, content=bytes(20 << 20))).status_code == 200
    assert len(backend.bodies[-1]) == 20 << 20


async def test_a_body_of_unknown_length_flows_through(admin, backend):
    async def chunks():
        for _ in range(30):
            yield b"x" * 10_000

    answer = await admin.post("/v1/interactions/batch", content=chunks())
    assert answer.status_code == 200
    assert len(backend.bodies[-1]) == 300_000


async def test_a_body_that_is_declared_too_large_is_refused_unread(gateway, admin_key, backend):
    answer = await raw(
        gateway,
        f"POST /v1/tickets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {admin_key}\r\n"
        "connection: close\r\ncontent-length: 1048577\r\n\r\n".encode(),
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"body_too_large" in answer
    assert not backend.requests


async def test_a_body_that_turns_out_too_large_is_cut_off(admin, backend, problem):
    async def chunks():
        for _ in range(20):
            yield b"x" * 100_000

    problem(await admin.post("/v1/tickets", content=chunks()), 413, "body_too_large")


async def test_what_is_not_in_the_table_does_not_exist(admin, backend, problem):
    for path in (
        "/",
        "/v1",
        "/v1/secrets",
        "/v1/customers/",
        "/v1/customers/..%2Fscores",
        "/v1/customers/%2e%2e",
        "/v1/customers/a%00b",
        "/v1/customers/%ff",
        "//v1/customers",
        "/v1/customers/x/profile/more",
    ):
        problem(await admin.get(path), 404, "route_not_found")
    problem(await admin.post("/v1/unknown"), 404, "route_not_found")
    assert not backend.requests


async def test_a_known_path_with_another_method_tells_its_methods(admin, backend):
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "HEAD"):
        answer = await admin.request(method, "/v1/tickets")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, POST"
    assert not backend.requests


async def test_too_many_and_too_large_headers_are_refused(admin, problem):
    problem(await admin.get(CUSTOMER, headers={f"x-{n}": "1" for n in range(110)}), 431, "headers_too_large")
    problem(await admin.get(CUSTOMER, headers={"x-large": "a" * 17_000}), 431, "headers_too_large")
    problem(await admin.get("/v1/customers?q=" + "a" * 9000), 414, "address_too_long")


async def test_what_is_no_http_is_answered_with_400(gateway):
    assert (await raw(gateway, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    both = (
        b"POST /v1/tickets HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc"
    )
    assert (await raw(gateway, both)).startswith(b"HTTP/1.1 400 ")


async def test_requests_are_measured_by_route_not_by_address(admin, anyone):
    for number in range(20):
        await admin.get(f"/v1/customers/{number}")
        await anyone.get(f"/nowhere/{number}")
    text = (await anyone.get("/metrics")).text
    assert 'route="/v1/customers/{customer_id}",status="200"' in text
    assert 'route="unmatched",status="404"' in text
    assert "/nowhere" not in text
