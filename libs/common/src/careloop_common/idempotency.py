"""Idempotency keys: the effect and the stored answer are one transaction.

The first request with a key takes an advisory lock for its transaction, runs, and stores its answer beside its effect. A
retry meanwhile is told to wait (409), afterwards it gets the stored answer. A failed request stores nothing, since
nothing of it happened.

Answers are about people, so they are kept sealed; of the request there is an HMAC, which nobody can try names against.
An answer with a secret in it is not kept at all: a retry is told that the secret was shown.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.database import vault
from careloop_common.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    RequestInFlight,
    SecretShownOnce,
)
from careloop_common.plumbing import idempotency

HEADER = "idempotency-key"
PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same request, it gets the first answer and does nothing twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}
"""The header, as OpenAPI describes it."""
REPLAYED = "idempotency-replayed"
_KEPT_HEADERS = ("content-type", "location", "etag")
_MAX_KEY = 200
_FIELD = "idempotency"
_UNTOLD = 0
"""The status of an answer that is not given twice."""

_LOCK_AND_LOOK = text("""
    SELECT pg_try_advisory_xact_lock(:number) AS locked, fingerprint, status, headers, body
    FROM (VALUES (1)) AS always (one)
    LEFT JOIN idempotency ON client = :client AND route = :route AND key = :key
""").columns(headers=idempotency.c.headers.type)
_STORE = insert(idempotency).on_conflict_do_nothing().returning(idempotency.c.key)


class Name(NamedTuple):
    """By what an answer is found again."""

    client: str
    route: str
    key: str

    def digest(self) -> bytes:
        """The same in 32 bytes, for what takes numbers."""
        return hashlib.sha256("\0".join(self).encode()).digest()


async def once(
    session: AsyncSession,
    request: Request,
    *,
    client: str,
    now: datetime,
    answer: Callable[[], Awaitable[Response]],
    secret: bool = False,
) -> Response:
    """The answer of the first request that came with this key, made by `answer` if this is the first."""
    key = request.headers[HEADER]
    if not 0 < len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyInvalid(f"1 to {_MAX_KEY} printable ASCII characters, please.")
    # Quoted: what was asked for may have a NUL in it, which no text of the database has.
    name = Name(client, f"{request.method} {quote(request.scope['path'])}", key)
    said = hashlib.sha256(request.url.query.encode() + b"\0" + await request.body()).hexdigest()
    fingerprint = vault(session).blind_index("idempotency", said)
    if stored := await _stored(session, name, fingerprint):
        return stored
    response = await answer()
    values = {
        **name._asdict(),
        "fingerprint": fingerprint,
        "status": _UNTOLD if secret else response.status_code,
        "headers": {one: response.headers[one] for one in _KEPT_HEADERS if one in response.headers},
        "body": vault(session).seal_bytes(_subject(name), _FIELD, b"" if secret else bytes(response.body)),
        "created_at": now,
    }
    if (await session.execute(_STORE, values)).first() is None:
        # It looked just before the first one committed, and locked just after: what it has done is rolled back.
        raise _in_flight()
    return response


async def _stored(session: AsyncSession, name: Name, fingerprint: str) -> Response | None:
    """Lock the key and look for its answer, at once."""
    number = int.from_bytes(name.digest()[:8], signed=True)
    found = (await session.execute(_LOCK_AND_LOOK, {"number": number, **name._asdict()})).one()
    if found.fingerprint is None:
        if not found.locked:
            raise _in_flight()
        return None
    if found.fingerprint != fingerprint:
        raise IdempotencyKeyReused("This key came before with another body or query.")
    if found.status == _UNTOLD:
        raise SecretShownOnce(
            "The first answer with this key had it.", location=found.headers.get("location")
        )
    body = vault(session).open_bytes(_subject(name), _FIELD, found.body)
    response = Response(body, status_code=found.status, headers=dict(found.headers))
    response.headers[REPLAYED] = "true"
    return response


def _subject(name: Name) -> UUID:
    return UUID(bytes=name.digest()[:16])


def _in_flight() -> RequestInFlight:
    return RequestInFlight("A request with this key is still running.", retry_after=1)


async def forget(session: AsyncSession, *, now: datetime, hours: int) -> int:
    """Delete answers older than `hours`; returns how many."""
    old = delete(idempotency).where(idempotency.c.created_at < now - timedelta(hours=hours))
    return int((await session.execute(old)).rowcount)  # type: ignore[attr-defined]
