"""The key of who can set no headers: SDKs in web pages that say their write key in the body, and nowhere else.

Only routes that collect take it, and only of a small body that is as it was written. Nobody is known before it is read, so
it has little time to come. The secret goes no further than here, as a header would not.
"""

import asyncio
import json
from typing import Any, Final

from careloop_gateway.errors import CredentialsInvalid, RequestIncomplete
from careloop_gateway.exchange import Exchange
from careloop_gateway.identity.secrets import parse_key
from careloop_gateway.upstream.bodies import SMALL, Inflow

MEMBER: Final = "writeKey"
SECONDS: Final = 5.0
ENCODING: Final = b"content-encoding"


async def said_in_body(exchange: Exchange) -> str | None:
    """The key that the body says, which is kept without it; None where it says none."""
    length = exchange.headers.get(b"content-length", b"")
    small = length.isdigit() and int(length) <= SMALL
    if not exchange.matched.write_keys or not small or ENCODING in exchange.headers:
        return None
    body = exchange.body = await _whole(exchange)
    text = _member(body)
    if text is None:
        return None
    written = text.encode("utf-8", "replace")
    if parse_key(text) is None or written not in body:
        raise CredentialsInvalid(f"{MEMBER} takes an API key.")
    exchange.body = body.replace(written, b"*" * len(written))
    return text


async def _whole(exchange: Exchange) -> bytes:
    try:
        async with asyncio.timeout(min(SECONDS, max(0.0, exchange.seconds_left))):
            return b"".join([chunk async for chunk in Inflow(exchange)])
    except TimeoutError:
        raise RequestIncomplete(
            "The rest of the body did not come.", headers={"connection": "close"}
        ) from None


def _member(body: bytes) -> str | None:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    text = found.get(MEMBER) if isinstance(found, dict) else None
    return text if isinstance(text, str) else None
