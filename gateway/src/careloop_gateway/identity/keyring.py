"""API keys as the hot path sees them: from memory, and yet a revoked one is refused within seconds.

Keys that changed of late are read every `POLL_SECONDS` while there are requests; a request that finds the last look older
than `STALE_SECONDS` waits for the next one. A secret that memory refuses is checked against the database before it is
refused, so that a new or rotated key is good at once. While the database is down, keys that are known go on working.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Protocol

import structlog
from careloop_common.errors import ServiceUnavailable
from sqlalchemy.exc import SQLAlchemyError

from careloop_gateway.errors import CredentialsInvalid
from careloop_gateway.identity import secrets
from careloop_gateway.identity.principal import Principal
from careloop_gateway.identity.secrets import ApiKey

log = structlog.get_logger()

POLL_SECONDS = 2.0
STALE_SECONDS = 4.0
KNOWN_SECONDS = 30.0
REFUSED_SECONDS = 0.25
"""How old memory may be when it refuses a secret: a key is not read more often than this, however often it is tried."""
HISTORY_SECONDS = 60
"""How far back `KeyStore.changed` looks; after a longer pause every key is read again."""
TOUCH_SECONDS = 60.0
_FIRST_SECONDS = 3.0
_CHANGES_SECONDS = 2.0
_KEPT = 20_000

STORE_FAILURES = (SQLAlchemyError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is stored of a key: enough to check it."""

    id: str
    principal: Principal
    hash: bytes
    previous_hash: bytes | None = None
    previous_until: datetime | None = None
    expires_at: datetime | None = None
    revoked: bool = False

    def accepts(self, key: ApiKey, now: datetime) -> bool:
        """Whether this secret is good now. After a rotation two are, for a while."""
        if self.revoked or (self.expires_at is not None and now >= self.expires_at):
            return False
        if secrets.same(self.hash, key.hash):
            return True
        in_grace = self.previous_until is not None and now < self.previous_until
        return in_grace and self.previous_hash is not None and secrets.same(self.previous_hash, key.hash)


class KeyStore(Protocol):
    """Where keys are kept."""

    async def find(self, key_id: str) -> KeyRecord | None: ...

    async def changed(self) -> Sequence[KeyRecord]: ...

    async def touch(self, key_ids: Collection[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Known:
    record: KeyRecord | None
    read: float

    def good(self, key: ApiKey, now: datetime) -> bool:
        return self.record is not None and self.record.accepts(key, now)


class Keyring:
    """Checks API keys."""

    def __init__(
        self,
        store: KeyStore,
        *,
        fixed: Sequence[KeyRecord] = (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._fixed = {record.id: record for record in fixed}
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._reading: dict[str, asyncio.Task[KeyRecord | None]] = {}
        self._used: set[str] = set()
        self._looked = self._asked = self._touched = clock()
        self._failing = False
        self._look: asyncio.Task[None] | None = None

    async def authenticate(self, text: str, now: datetime) -> Principal:
        """Whose key this is; `CredentialsInvalid` when it is nobody's, or no longer."""
        key = secrets.parse_key(text)
        if key is None:
            raise CredentialsInvalid("This is not an API key of the form clk_<id>_<secret>.")
        record = self._fixed.get(key.id) or await self._record(key, now)
        if record is None or not record.accepts(key, now):
            raise CredentialsInvalid("The API key is unknown, revoked or expired.")
        self._used.add(key.id)
        return record.principal

    async def _record(self, key: ApiKey, now: datetime) -> KeyRecord | None:
        await self._keep_fresh()
        known = self._known.get(key.id)
        if known is not None:
            age = self._clock() - known.read
            if age < (KNOWN_SECONDS if known.good(key, now) else REFUSED_SECONDS):
                return known.record
            if self._failing and known.record:
                return known.record
        try:
            return await self._read(key.id)
        except STORE_FAILURES as error:
            self._failing = True
            if known is not None and known.record:
                return known.record
            log.warning("api_key.not_read", error=type(error).__name__)
            raise ServiceUnavailable("API keys cannot be checked at present.", retry_after=2) from error

    async def _read(self, key_id: str) -> KeyRecord | None:
        """Read a key once for all who wait for it: a cold gateway under load asks for one key from every side."""
        reading = self._reading.get(key_id)
        if reading is None:
            reading = self._reading[key_id] = asyncio.create_task(self._find(key_id), name="api-key")
        return await asyncio.shield(reading)

    async def _find(self, key_id: str) -> KeyRecord | None:
        try:
            async with asyncio.timeout(_FIRST_SECONDS):
                record = await self._store.find(key_id)
        finally:
            del self._reading[key_id]
        self._remember(key_id, record)
        return record

    async def _keep_fresh(self) -> None:
        now = self._clock()
        if now - self._asked >= POLL_SECONDS and self._look is None:
            self._asked = now
            self._look = asyncio.create_task(self._read_changes(now), name="api-keys")
        if self._look is not None and now - self._looked >= STALE_SECONDS and not self._failing:
            await asyncio.shield(self._look)

    async def _read_changes(self, now: float) -> None:
        try:
            async with asyncio.timeout(_CHANGES_SECONDS):
                for record in await self._store.changed():
                    self._remember(record.id, record)
                await self._touch(now)
        except STORE_FAILURES as error:
            if not self._failing:
                log.warning("api_keys.not_read", error=type(error).__name__)
            self._failing = True
        else:
            if now - self._looked > HISTORY_SECONDS / 2:
                self._known.clear()
            self._looked = now
            self._failing = False
        finally:
            self._look = None

    async def _touch(self, now: float) -> None:
        if now - self._touched >= TOUCH_SECONDS and (used := self._used - self._fixed.keys()):
            await self._store.touch(used)
            self._used.clear()
            self._touched = now

    def _remember(self, key_id: str, record: KeyRecord | None) -> None:
        self._known[key_id] = _Known(record, self._clock())
        self._known.move_to_end(key_id)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
