"""Bodies: what is read of them, up to which size, and of which types."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

Problem = Callable[[httpx.Response, int, str], dict[str, Any]]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "malformed_request"),
        (b"", 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b'{"text": 7}', 422, "validation_failed"),
        (b'{"text": "a", "unknown": 1}', 422, "validation_failed"),
        (b'{"text": "\xff\xfe"}', 400, "malformed_request"),
        ('{"text": "a"}'.encode("utf-16"), 400, "malformed_request"),
        ('{"text": "a"}'.encode("utf-16-le"), 400, "malformed_request"),
        (b'{"text": "a", "times": 1e999}', 422, "validation_failed"),
        (b'{"text": "' + b"a" * 5000 + b'"}', 413, "body_too_large"),
    ],
)
async def test_bad_bodies(
    client: httpx.AsyncClient, content: bytes, status: int, code: str, problem: Problem
) -> None:
    headers = {"content-type": "application/json"}
    problem(await client.post("/v1/notes", content=content, headers=headers), status, code)
    assert (await client.get("/v1/notes/count")).json() == 0


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/xml",
        "application/json+xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gbk",
        "application/json, text/plain",
        "json",
    ],
)
async def test_bodies_that_do_not_say_that_they_are_json(
    client: httpx.AsyncClient, kind: str | None, problem: Problem
) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = await client.post("/v1/notes", content=b'{"text": "a"}', headers=headers)
    assert "application/json" in problem(answer, 415, "media_type_not_supported")["detail"] or "gbk" in str(
        kind
    )
    assert (await client.get("/v1/notes/count")).json() == 0


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/x+json",
    ],
)
async def test_the_ways_to_say_that_a_body_is_json(client: httpx.AsyncClient, kind: str) -> None:
    content = '{"text": "诉"}'.encode()
    answer = await client.post("/v1/notes", content=content, headers={"content-type": kind})
    assert answer.status_code == 201, answer.text


async def test_who_sends_no_body_need_not_say_of_what_type_it_is_not(
    client: httpx.AsyncClient, problem: Problem
) -> None:
    problem(await client.post("/v1/notes"), 422, "validation_failed")
    kept = await client.post(
        "/v1/notes/slow", headers={"x-request-timeout": "0", "content-type": "text/plain"}
    )
    problem(kept, 504, "deadline_exceeded")


async def test_a_chunked_body_over_the_limit_is_refused(client: httpx.AsyncClient, problem: Problem) -> None:
    async def chunks() -> Any:
        for _ in range(10):
            yield b" " * 1000

    headers = {"content-type": "application/json"}
    problem(await client.post("/v1/notes", content=chunks(), headers=headers), 413, "body_too_large")


class TestStreams:
    async def test_a_body_is_read_as_it_comes_up_to_the_limit_of_its_route(
        self, client: httpx.AsyncClient, problem: Problem
    ) -> None:
        def parts(count: int) -> AsyncIterator[bytes]:
            async def sent() -> AsyncIterator[bytes]:
                for _ in range(count):
                    yield b"x" * 1000

            return sent()

        answer = await client.post("/v1/notes/streamed", content=parts(9))
        assert answer.json() == [1000] * 9
        problem(await client.post("/v1/notes/streamed", content=parts(11)), 413, "body_too_large")
        problem(await client.post("/v1/notes/streamed", content=b"x" * 10_001), 413, "body_too_large")
        assert (await client.get("/v1/notes/count")).json() == 1

    async def test_nothing_else_reads_it(self, client: httpx.AsyncClient) -> None:
        headers = {"idempotency-key": "k", "content-type": "application/json"}
        for _ in range(2):
            answer = await client.post("/v1/notes/streamed", content=b"\xff\xfe\0", headers=headers)
            assert answer.json() == [3]
        assert (await client.get("/v1/notes/count")).json() == 2

    async def test_an_answer_may_take_its_time_from_part_to_part(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/notes/flowing", headers={"x-request-timeout": "1"})
        assert answer.content == b"part" * 5
