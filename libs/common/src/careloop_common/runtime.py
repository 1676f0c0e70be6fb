"""What a running process holds: settings, database, broker, keys. Made once at the edge and passed down."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Generic, TypeVar

from careloop_common.database import Database
from careloop_common.leadership import Leadership
from careloop_common.messaging.bus import Bus
from careloop_common.outbox import WAKE as OUTBOX_WAKE
from careloop_common.privacy import Vault
from careloop_common.settings import ServiceSettings
from careloop_common.timers import WAKE as TIMER_WAKE
from careloop_common.tokens import TokenVerifier

S = TypeVar("S", bound=ServiceSettings)


class Runtime(Generic[S]):
    """The composition root of one service process."""

    def __init__(self, service: str, settings: S) -> None:
        self.service = service
        self.settings = settings
        url = settings.database_url.get_secret_value()
        self.vault = Vault(settings.data_keys.get_secret_value())
        self.database = Database(url, service=service, pool_size=settings.database_pool, vault=self.vault)
        self.bus = Bus(settings.nats_url, name=f"careloop-{service}", replicas=settings.nats_replicas)
        self.leadership = Leadership(self.database)
        self.tokens = TokenVerifier(settings.internal_public_key)
        self.relay_wake = asyncio.Event()
        self.timer_wake = asyncio.Event()
        self.timers_calm = asyncio.Event()
        """Cleared while more timers are due than one batch takes: others leave them the processor."""
        self.timers_calm.set()
        self.database.on_commit(OUTBOX_WAKE, self.relay_wake.set)
        self.database.on_commit(TIMER_WAKE, self.timer_wake.set)
        self._closing = AsyncExitStack()

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `close` called when the runtime ends, before the database and the broker are let go."""
        self._closing.push_async_callback(close)

    @classmethod
    @asynccontextmanager
    async def open(cls, service: str, settings: S) -> AsyncIterator["Runtime[S]"]:
        """A runtime whose broker connection is being made in the background; closed at the end."""
        runtime = cls(service, settings)
        await runtime.bus.start()
        try:
            yield runtime
        finally:
            await runtime._closing.aclose()
            await runtime.bus.close()
            await runtime.leadership.close()
            await runtime.database.close()
