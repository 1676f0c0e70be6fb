"""Sending notifications over HTTP, to nowhere but public addresses and the networks that the operator allows."""

import asyncio
import hashlib
import hmac
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from careloop_ticketing.tmf621.policy import callbacks
from careloop_ticketing.tmf621.policy.addresses import Network, permitted
from careloop_ticketing.tmf621.policy.notifying import EventType

SIGNATURE = "x-careloop-signature"
_CONNECT_SECONDS: Final = 3.0
_LOOK_UPS: Final = 32
"""At once, in threads of their own: a name server that does not answer keeps nobody else waiting."""


class _Refused(Exception):
    """The name stands for an address to which nothing is sent."""


class _Guarded(AbstractResolver):
    """Looks names up for the connection itself, so that a name cannot mean another address when it is connected to."""

    def __init__(self, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(_LOOK_UPS, "hub look-up")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        asked = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, family=family)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, asked)
        places = [(str(place[0]), int(place[1]), kind) for kind, _, _, _, place in found]
        if not all(
            permitted(ip_address(address.partition("%")[0]), self._allowed) for address, _, _ in places
        ):
            raise _Refused
        return [
            {
                "hostname": host,
                "host": address,
                "port": to,
                "family": kind,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for address, to, kind in places
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Sender:
    """Sends notifications until it is closed."""

    def __init__(self, allowed: tuple[Network, ...], *, seconds: float) -> None:
        self._allowed = allowed
        self._guard = _Guarded(allowed)
        # How many there are at once is the lanes' affair: a limit here would make one wait for another.
        connector = aiohttp.TCPConnector(resolver=self._guard, use_dns_cache=False, limit=0)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=seconds, connect=min(_CONNECT_SECONDS, seconds)),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._session.close()
        await self._guard.close()

    async def send(
        self, callback: str, event: EventType, event_id: object, body: bytes, secret: str
    ) -> str | None:
        """Why it failed; None if the listener took it. Of its answer nothing but the status is read."""
        host = urlsplit(callback).hostname or ""
        literal = callbacks.address_of(host)
        if literal is not None and not permitted(literal, self._allowed):
            return "address not permitted"
        if not callbacks.port_permitted(callbacks.port_of(callback)):
            return "port not permitted"
        headers = {
            "content-type": "application/json",
            "user-agent": "careloop-hub/1",
            "x-careloop-event-id": str(event_id),
            SIGNATURE: signature(body, secret, int(time.time())),
        }
        url = f"{callback.rstrip('/')}/listener/{event.listener}"
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
                answer.close()
        except _Refused:
            return "address not permitted"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__
        return None if 200 <= status < 300 else f"status {status}"


def signature(body: bytes, secret: str, at: int) -> str:
    """`t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`: the time keeps an old one from being sent again."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"
