"""Sending notifications over HTTP, to nowhere but public addresses and the networks that the operator allows."""

import hashlib
import hmac
import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from careloop_ticketing.tmf621.policy import callbacks
from careloop_ticketing.tmf621.policy.callbacks import Network
from careloop_ticketing.tmf621.policy.notifying import EventType

SIGNATURE = "x-careloop-signature"


class _Refused(Exception):
    """The name stands for an address to which nothing is sent."""


class _Guarded(AbstractResolver):
    """Looks names up for the connection itself, so that a name cannot mean another address when it is connected to."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            if not callbacks.permitted(ip_address(one["host"].partition("%")[0]), self._allowed):
                raise _Refused
        return found

    async def close(self) -> None:
        await self._inner.close()


class Sender:
    """Sends notifications until it is closed."""

    def __init__(self, allowed: Sequence[Network], *, seconds: float) -> None:
        self._allowed = allowed
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_Guarded(allowed), use_dns_cache=False, limit=32),
            timeout=aiohttp.ClientTimeout(total=seconds, connect=min(3.0, seconds)),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(
        self, callback: str, event: EventType, event_id: object, body: bytes, secret: str
    ) -> str | None:
        """Why it failed; None if the listener took it. Of its answer nothing but the status is read."""
        host = urlsplit(callback).hostname or ""
        literal = callbacks.address_of(host)
        if literal is not None and not callbacks.permitted(literal, self._allowed):
            return "address not permitted"
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
