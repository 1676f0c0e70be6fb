"""Idempotency keys: the effect and the stored answer are one transaction.

The first request with a key takes an advisory lock for its transaction, runs, and stores its answer beside its effect. A
retry meanwhile is told to wait (409), afterwards it gets the stored answer. A failed request stores nothing, since
nothing of it happened.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.errors import IdempotencyKeyInvalid, IdempotencyKeyReused, RequestInFlight
from careloop_common.plumbing import idempotency

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
_KEPT_HEADERS = ("content-type", "location", "etag")
_MAX_KEY = 200

_LOCK_AND_LOOK = text("""
    SELECT pg_try_advisory_xact_lock(:number) AS locked, fingerprint, status, headers, body
    FROM (VALUES (1)) AS always (one)
    LEFT JOIN idempotency ON client = :client AND route = :route AND key = :key
""").columns(headers=idempotency.c.headers.type)
_STORE = insert(idempotency).on_conflict_do_nothing().returning(idempotency.c.key)


async def once(
    session: AsyncSession,
    request: Request,
    *,
    client: str,
    now: datetime,
    answer: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer of the first request that came with this key, made by `answer` if this is the first."""
    key = request.headers[HEADER]
    if not 0 < len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyInvalid(f"1 to {_MAX_KEY} printable ASCII characters, please.")
    route = f"{request.method} {request.url.path}"
    fingerprint = hashlib.sha256(request.url.query.encode() + b"\0" + await request.body()).hexdigest()
    if stored := await _stored(session, client, route, key, fingerprint):
        return stored
    response = await answer()
    values = {
        "client": client,
        "route": route,
        "key": key,
        "fingerprint": fingerprint,
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
        "body": bytes(response.body),
        "created_at": now,
    }
    if (await session.execute(_STORE, values)).first() is None:
        # It looked just before the first one committed, and locked just after: what it has done is rolled back.
        raise _in_flight()
    return response


async def _stored(
    session: AsyncSession, client: str, route: str, key: str, fingerprint: str
) -> Response | None:
    """Lock the key and look for its answer, at once."""
    name = f"{client}\0{route}\0{key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)
    given = {"number": number, "client": client, "route": route, "key": key}
    found = (await session.execute(_LOCK_AND_LOOK, given)).one()
    if found.fingerprint is None:
        if not found.locked:
            raise _in_flight()
        return None
    if found.fingerprint != fingerprint:
        raise IdempotencyKeyReused("This key came before with another body or query.")
    response = Response(found.body, status_code=found.status, headers=dict(found.headers))
    response.headers[REPLAYED] = "true"
    return response


def _in_flight() -> RequestInFlight:
    return RequestInFlight("A request with this key is still running.", retry_after=1)


async def forget(session: AsyncSession, *, now: datetime, hours: int) -> int:
    """Delete answers older than `hours`; returns how many."""
    old = delete(idempotency).where(idempotency.c.created_at < now - timedelta(hours=hours))
    return int((await session.execute(old)).rowcount)  # type: ignore[attr-defined]
