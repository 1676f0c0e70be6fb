"""Connections, on a real server: who is waited for, for how long, and what becomes of one that was refused."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from careloop_common.patience import Patience
from careloop_common.testing.serving import serving
from starlette.types import Receive, Scope, Send

GET = b"GET /at-once HTTP/1.1\r\nhost: x\r\n\r\n"
GET_STUCK = GET.replace(b"/at-once", b"/stuck")
POST = b"POST /at-once HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, reads no body, and is stuck after the first byte where it is asked to be."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    if scope["path"] == "/stuck":
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        await asyncio.Event().wait()
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def dialling(**limits: Any) -> AsyncIterator[Dial]:
    opened: list[asyncio.StreamWriter] = []
    async with serving(app, Patience(**{"connections": 100, "head_seconds": 10, **limits})) as address:

        async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
            opened.append(writer)
            return reader, writer

        yield dial
        for writer in opened:
            writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def dial() -> AsyncIterator[Dial]:
    """Connections to a server that has a fifth of a second for a head."""
    async with dialling(head_seconds=0.2) as found:
        yield found


async def _rest(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(8):
        return await reader.read()


async def _drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await asyncio.wait({asyncio.create_task(asyncio.Event().wait())}, timeout=0.05)


@asynccontextmanager
async def dripping(writer: asyncio.StreamWriter, piece: bytes) -> AsyncIterator[None]:
    task = asyncio.create_task(_drip(writer, piece))
    yield
    task.cancel()


async def test_a_head_that_comes_in_drips_is_told_so_and_closed(dial: Dial) -> None:
    reader, writer = await dial()
    writer.write(GET[:-2])
    async with dripping(writer, b"x: y\r\n"):
        answer = await _rest(reader)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code": "request_incomplete"' in answer


@pytest.mark.parametrize(("before", "piece"), [(b"", b""), (b"", b"\r\n"), (GET, b"\r\n")])
async def test_who_says_nothing_is_closed_without_a_word(dial: Dial, before: bytes, piece: bytes) -> None:
    reader, writer = await dial()
    if before:
        writer.write(before)
        assert b"200 OK" in await reader.readuntil(b"ok")
    async with dripping(writer, piece):
        assert await _rest(reader) == b""


async def test_the_head_of_a_later_request_has_no_more_time_than_that_of_the_first(dial: Dial) -> None:
    reader, writer = await dial()
    writer.write(GET)
    await reader.readuntil(b"ok")
    writer.write(GET[:-2])
    async with dripping(writer, b"x: y\r\n"):
        assert (await _rest(reader)).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_in_use_goes_on(dial: Dial) -> None:
    reader, writer = await dial()
    for _ in range(5):
        writer.write(GET)
        assert b"connection: close" not in await reader.readuntil(b"ok")


async def test_two_requests_at_once_are_answered_one_after_the_other(dial: Dial) -> None:
    reader, writer = await dial()
    writer.write(GET + GET)
    assert b"200 OK" in await reader.readuntil(b"ok")
    assert b"200 OK" in await reader.readuntil(b"ok")


async def test_an_answer_before_the_body_reaches_a_client_that_still_sends_and_ends_the_connection(
    dial: Dial,
) -> None:
    reader, writer = await dial()
    writer.write(POST)
    async with dripping(writer, b"x" * 1000):
        answer = await _rest(reader)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"connection: close") == 1
    assert answer.endswith(b"ok")


async def test_a_client_that_was_refused_and_sends_on_is_cut_off(dial: Dial) -> None:
    reader, writer = await dial()
    writer.write(POST)
    await _rest(reader)
    async with dripping(writer, b"x" * 1000), asyncio.timeout(8):
        with pytest.raises(ConnectionError):
            await writer.wait_closed()


async def test_whoever_waits_longest_makes_room_for_one_more() -> None:
    async with dialling(connections=3) as dial:
        silent = [await dial() for _ in range(10)]
        silent[9][1].write(GET)
        assert b"200 OK" in await silent[9][0].readuntil(b"ok")
        reader, writer = await dial()
        writer.write(GET)
        assert b"200 OK" in await reader.readuntil(b"ok")
        for early, _ in silent[:7]:
            assert await _rest(early) == b""


async def test_there_are_fewer_connections_than_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        assert Patience(connections=2048, head_seconds=1).connections == 341
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_when_all_have_work_under_way_one_more_is_told_to_come_back() -> None:
    async with dialling(connections=2) as dial:
        for _ in range(2):
            reader, writer = await dial()
            writer.write(GET_STUCK)
            await reader.readuntil(b"\r\n\r\no")  # before that it may be silent still, and makes room
        reader, writer = await dial()
        writer.write(GET)
        answer = await _rest(reader)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b'"code": "connections_exhausted"' in answer
        assert b"retry-after: 1" in answer
        assert answer.count(b"connection: close") == 1
