"""The issuer's public keys, by key id. An unknown id makes us look again, at most twice a minute."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import jwt
import structlog

log = structlog.get_logger()

ALGORITHMS = ("RS256", "ES256", "EdDSA")
_KINDS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
REFETCH_SECONDS = 30.0
KEEP_SECONDS = 600.0
_FETCH_SECONDS = 2.0
_MAX_BYTES = 1 << 20

Fetch = Callable[[], Awaitable[bytes]]


class KeySet:
    """Keys of one issuer, loaded when they are first needed and again when they are old or one is missing."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._tried = float("-inf")
        self._loaded = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id, if it is for this algorithm."""
        now = self._clock()
        if (key_id not in self._keys or now - self._loaded > KEEP_SECONDS) and self._may_fetch(now):
            async with self._lock:
                if self._may_fetch(self._clock()):
                    await self._load()
        key = self._keys.get(key_id)
        return key if key is not None and key.algorithm_name == algorithm else None

    def _may_fetch(self, now: float) -> bool:
        return now - self._tried >= REFETCH_SECONDS

    async def _load(self) -> None:
        self._tried = self._clock()
        try:
            document = json.loads(await self._fetch())
            self._keys = dict(filter(None, map(_usable, document["keys"])))
            self._loaded = self._tried
        except (OSError, ValueError, KeyError, TypeError, TimeoutError, aiohttp.ClientError) as error:
            # The keys that we have stay good: an issuer that is down for a while locks nobody out.
            log.warning("jwks.not_loaded", error=type(error).__name__)


def _usable(document: Any) -> tuple[str, jwt.PyJWK] | None:
    """A public signing key with an id, for one of our algorithms; whatever else the issuer has does not matter."""
    if not isinstance(document, dict):
        return None
    key_id, use = document.get("kid"), document.get("use", "sig")
    algorithm = document.get("alg") or next(
        (name for name, kind in _KINDS.items() if kind == document.get("kty")), ""
    )
    fits = _KINDS.get(algorithm) == document.get("kty")
    if not isinstance(key_id, str) or use != "sig" or not fits or "d" in document:
        return None
    try:
        return key_id, jwt.PyJWK(document, algorithm)
    except jwt.PyJWTError:
        return None


def from_file(path: str) -> Fetch:
    """Read the set from a file."""

    async def fetch() -> bytes:
        return await asyncio.to_thread(Path(path).read_bytes)

    return fetch


def from_url(url: str, session: Callable[[], aiohttp.ClientSession]) -> Fetch:
    """Read the set from where the issuer publishes it."""

    async def fetch() -> bytes:
        limit = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
        async with session().get(url, timeout=limit, allow_redirects=False) as answer:
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            return await answer.content.read(_MAX_BYTES)

    return fetch
