"""The public HTTP API, as any client sees it: one key, one base address, JSON, problem documents."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import msgspec

from careloop_local.errors import LocalError

CONNECTIONS = 16
TRIES = 8
AGAIN = frozenset({429, 503})
encode = msgspec.json.Encoder().encode


class Refused(Exception):
    """The gateway answered with a problem document."""

    def __init__(self, method: str, path: str, status: int, problem: Mapping[str, Any]) -> None:
        code = problem.get("code", "no_problem_document")
        super().__init__(f"{method} {path} → {status} {code}: {problem.get('detail', '')}")
        self.status = status
        self.code = code


class Gateway:
    """A client of the gateway with one API key."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self.address = address.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, key: str) -> AsyncIterator["Gateway"]:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        headers = {"authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            yield cls(session, address)

    async def get(self, path: str, **query: Any) -> Any:
        return await self.request("GET", path, query=query)

    async def post(self, path: str, body: object = None, *, key: str | UUID | None = None) -> Any:
        headers = {"idempotency-key": str(key)} if key else {}
        return await self.request("POST", path, body=body, headers=headers)

    async def put(self, path: str, body: object) -> Any:
        return await self.request("PUT", path, body=body)

    async def patch(self, path: str, body: object) -> Any:
        return await self.request("PATCH", path, body=body)

    async def pages(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Every item of a paged list."""
        cursor: str | None = None
        while True:
            page = await self.get(path, limit=100, cursor=cursor, **query)
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        data: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request and read JSON."""
        raw = await self._exchange(method, path, body=body, data=data, query=query, headers=headers)
        return msgspec.json.decode(raw) if raw else None

    async def fetch(self, path: str) -> bytes:
        """The bytes of an answer that is not JSON."""
        return await self._exchange("GET", path)

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        data: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send a request; waits and tries again when the gateway asks for it."""
        sent = dict(headers or {})
        if body is not None:
            data, sent["content-type"] = encode(body), "application/json"
        wanted = {name: str(value) for name, value in (query or {}).items() if value is not None}
        for attempt in range(1, TRIES + 1):
            async with self._session.request(
                method, self.address + path, params=wanted, data=data, headers=sent
            ) as answer:
                raw = await answer.read()
                if answer.ok:
                    return raw
                if answer.status not in AGAIN or attempt == TRIES:
                    raise Refused(method, path, answer.status, _problem(raw))
                pause = float(answer.headers.get("retry-after", "1"))
            await asyncio.sleep(min(pause, 5))
        raise AssertionError


def read_key(path: Path) -> str:
    """The API key in a file."""
    try:
        return path.read_text().strip()
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}") from error


def _problem(raw: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {"detail": raw[:200].decode(errors="replace")}
    return found if isinstance(found, dict) else {}
