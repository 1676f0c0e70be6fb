"""Passing a request on, and its answer back: whole when it is small, in a flow when it is not."""

import asyncio
from collections.abc import Mapping
from functools import partial

import aiohttp

from careloop_gateway.exchange import Exchange
from careloop_gateway.upstream.bodies import take_body
from careloop_gateway.upstream.headers import to_client, to_service
from careloop_gateway.upstream.service import Outgoing, Upstream

HELD = 1 << 20
"""Answers up to here are held until they are complete, so that a client never sees half of one as a success."""
_IDLE_SECONDS = 30.0


class Proxy:
    """The end of the chain for routes of services."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self.upstreams = upstreams

    async def __call__(self, exchange: Exchange) -> None:
        route = exchange.matched
        assert route.limit is not None
        body = await take_body(exchange)
        query = exchange.scope["query_string"].decode()
        path = exchange.raw_path.decode()
        outgoing = Outgoing(
            exchange.method,
            f"{path}?{query}" if query else path,
            to_service(exchange),
            body,
            patient=not exchange.limited_by_client,
        )
        await self.upstreams[route.upstream].call(outgoing, route.limit, partial(_answer, exchange))


async def _answer(exchange: Exchange, answer: aiohttp.ClientResponse) -> None:
    length = answer.content_length
    if length is not None and length <= HELD:
        held = await answer.read()
        await _start(exchange, answer, held=len(held))
        await exchange.send({"type": "http.response.body", "body": held})
        return
    chunks: list[bytes] = []
    size = 0
    while size <= HELD:
        chunk = await answer.content.readany()
        if not chunk:
            await _start(exchange, answer, held=size)
            await exchange.send({"type": "http.response.body", "body": b"".join(chunks)})
            return
        chunks.append(chunk)
        size += len(chunk)
    await _flow(exchange, answer, b"".join(chunks))


async def _flow(exchange: Exchange, answer: aiohttp.ClientResponse, chunk: bytes) -> None:
    """From here on there is no deadline for the whole, only for each step: who reads slowly may take his time."""
    assert exchange.timer is not None
    exchange.timer.reschedule(None)
    await _start(exchange, answer, held=None)
    while chunk:
        async with asyncio.timeout(_IDLE_SECONDS):
            await exchange.send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await answer.content.readany()
    await exchange.send({"type": "http.response.body", "body": b""})


async def _start(exchange: Exchange, answer: aiohttp.ClientResponse, *, held: int | None) -> None:
    headers = to_client(answer.headers, exchange.answer_headers)
    if held is not None and "content-length" not in answer.headers and answer.status not in {204, 304}:
        headers.append((b"content-length", b"%d" % held))
    exchange.status = answer.status
    await exchange.send({"type": "http.response.start", "status": answer.status, "headers": headers})
