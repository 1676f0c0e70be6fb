"""SDKs in web pages say their key in the body, and nowhere else."""

import asyncio
import json

import httpx
import pytest

PLAIN = {"content-type": "text/plain"}


@pytest.fixture
async def key(make_key):
    return (await make_key(scopes=["interactions:write"], roles=[]))["key"]


@pytest.fixture
def send(anyone):
    """`await send({"writeKey": key})`: as a page does that may set no headers."""

    async def post(body, path="/v1/batch", **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await anyone.post(path, content=content, headers=PLAIN | headers)

    return post


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track", "/v1/alias"])
async def test_a_key_in_the_body_says_who_sends_and_goes_no_further(send, key, backend, path):
    answer = await send({"writeKey": key, "batch": [{"writeKey": key, "event": "seen"}]}, path)
    assert answer.status_code == 200, answer.text
    assert backend.last.path == path
    assert backend.last.headers["authorization"].startswith("Bearer eyJ")
    assert key.encode() not in backend.bodies[-1]
    assert json.loads(backend.bodies[-1])["batch"][0]["event"] == "seen"


async def test_its_scopes_hold(send, make_key, problem):
    viewer = (await make_key(roles=["viewer"]))["key"]
    problem(await send({"writeKey": viewer, "batch": []}), 403, "scope_missing")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"batch": []}, "unauthenticated"),
        ({"writeKey": None}, "unauthenticated"),
        ({"writeKey": {"clk": 1}}, "unauthenticated"),
        ([{"writeKey": "x"}], "unauthenticated"),
        (b"{", "unauthenticated"),
        (b"\xff\xfe", "unauthenticated"),
        (b"[" * 60_000, "unauthenticated"),
        ({"writeKey": ""}, "credentials_invalid"),
        ({"writeKey": "no key"}, "credentials_invalid"),
        ({"writeKey": f"clk_0123456789ab_{'x' * 43}"}, "credentials_invalid"),
        ({"writeKey": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.x"}, "credentials_invalid"),
    ],
)
async def test_a_body_without_a_good_key_is_from_nobody(send, backend, problem, body, code):
    before = len(backend.requests)
    answer = await send(body)
    problem(answer, 401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert len(backend.requests) == before


async def test_a_key_that_is_written_in_another_spelling_is_refused(send, key, problem):
    problem(await send(b'{"writeKey": "\\u0063%s"}' % key[1:].encode()), 401, "credentials_invalid")


async def test_only_small_plain_bodies_of_what_collects_are_read(send, key, problem):
    body = {"writeKey": key, "batch": []}
    problem(await send(body, "/v1/customers"), 401, "unauthenticated")
    problem(await send(body, "/v1/events"), 401, "unauthenticated")
    problem(await send(body, **{"content-encoding": "gzip"}), 401, "unauthenticated")
    problem(await send(body | {"context": {"x": "x" * (64 << 10)}}), 401, "unauthenticated")


async def test_a_header_counts_before_the_body(anyone, admin, key, backend, problem):
    body = {"writeKey": "somebody", "batch": []}
    assert (await admin.post("/v1/batch", json=body)).status_code == 200
    assert json.loads(backend.bodies[-1]) == body
    wrong = {"authorization": "Bearer clk_no"}
    answer = await anyone.post("/v1/batch", json={"writeKey": key, "batch": []}, headers=wrong)
    problem(answer, 401, "credentials_invalid")


async def test_who_guesses_in_bodies_is_slowed_down(send):
    answers = [await send({"writeKey": f"clk_{n:06}_{'x' * 43}"}) for n in range(40)]
    assert {answer.status_code for answer in answers} == {401, 429}


async def test_who_is_nobody_yet_is_not_waited_for_without_end(gateway):
    host, port = httpx.URL(gateway).host, httpx.URL(gateway).port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        b"POST /v1/batch HTTP/1.1\r\nhost: x\r\nx-request-timeout: 0.3\r\ncontent-length: 99\r\n\r\n{"
    )
    answer = await asyncio.wait_for(reader.read(), 4)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request_incomplete" in answer
