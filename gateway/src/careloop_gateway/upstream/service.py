"""One service behind the gateway: calls are let through by its breaker and its bulkhead, and their outcomes counted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import aiohttp
import structlog
from careloop_common.idempotency import HEADER as IDEMPOTENCY_KEY
from multidict import CIMultiDict
from yarl import URL

from careloop_gateway.errors import Overloaded, UpstreamBroken, UpstreamUnavailable
from careloop_gateway.metrics import (
    BREAKER_OPEN,
    SHED,
    UPSTREAM_FAILURES,
    UPSTREAM_SECONDS,
    UPSTREAM_UNDER_WAY,
)
from careloop_gateway.routing import Limit
from careloop_gateway.upstream.bodies import Inflow
from careloop_gateway.upstream.breaker import Breaker, State
from careloop_gateway.upstream.bulkhead import Bulkhead

log = structlog.get_logger()
T = TypeVar("T")

_UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_LOST = (*_UNREACHABLE, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


@dataclass(slots=True)
class Outgoing:
    """A request to a service. `target` is path and query as they go on the wire."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes | Inflow | None = None
    patient: bool = True
    """Whether the service had the time that the route allows: only then does running out of it say anything."""

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once: a GET, or a POST whose key the service keeps."""
        keyed = self.method == "POST" and IDEMPOTENCY_KEY in self.headers
        return self.method == "GET" or (keyed and not isinstance(self.body, Inflow))


class Upstream:
    """A service, by name and address."""

    def __init__(
        self, name: str, base: str, session: Callable[[], aiohttp.ClientSession], *, places: int
    ) -> None:
        self.name = name
        self.breaker = Breaker()
        self.bulkhead = Bulkhead(places)
        self._base = base.rstrip("/")
        self._session = session
        self._seconds = UPSTREAM_SECONDS.labels(name)
        self._under_way = UPSTREAM_UNDER_WAY.labels(name)
        self._open = BREAKER_OPEN.labels(name)

    async def call(
        self, outgoing: Outgoing, limit: Limit, consume: Callable[[aiohttp.ClientResponse], Awaitable[T]]
    ) -> T:
        """Send a request, hand the answer to `consume`, and give what it gives."""
        self._admit(limit)
        self._under_way.inc()
        started = monotonic()
        try:
            answer = await self._send(outgoing)
            try:
                result = await consume(answer)
            finally:
                answer.close()
        except asyncio.CancelledError:
            self._ran_out(outgoing)
            raise
        except _UNREACHABLE as error:
            self._failed("unreachable", error)
            raise UpstreamUnavailable(f"The {self.name} service cannot be reached.", retry_after=1) from error
        except (aiohttp.ClientError, ConnectionError) as error:
            if isinstance(outgoing.body, Inflow) and outgoing.body.failure is not None:
                self.breaker.abandoned()
                raise outgoing.body.failure from error
            self._failed("broken", error)
            raise UpstreamBroken(f"The {self.name} service gave no complete answer.") from error
        except BaseException:
            self.breaker.abandoned()
            raise
        else:
            self.breaker.succeeded(monotonic())
            self._open.set(0)
            return result
        finally:
            self.bulkhead.leave()
            self._under_way.dec()
            self._seconds.observe(monotonic() - started)

    def _admit(self, limit: Limit) -> None:
        wait = self.breaker.admit(monotonic())
        if wait is not None:
            raise UpstreamUnavailable(f"The {self.name} service is not well.", retry_after=wait)
        if not self.bulkhead.enter(limit):
            self.breaker.abandoned()
            SHED.labels(self.name, limit).inc()
            raise Overloaded(f"The {self.name} service has too much to do.", retry_after=1)

    async def _send(self, outgoing: Outgoing) -> aiohttp.ClientResponse:
        """One try, and one more when the connection was lost before anything was answered, of what may be repeated.

        aiohttp itself tries idempotent methods again whose connection went stale in the pool.
        """
        url = URL(self._base + outgoing.target, encoded=True)
        session = self._session()
        for last in (not outgoing.repeatable, True):
            try:
                return await session.request(
                    outgoing.method, url, headers=outgoing.headers, data=outgoing.body, allow_redirects=False
                )
            except _LOST:
                if last:
                    raise
        raise AssertionError

    def _ran_out(self, outgoing: Outgoing) -> None:
        if outgoing.patient:
            self._failed("timeout", None)
        else:
            self.breaker.abandoned()

    def _failed(self, reason: str, error: BaseException | None) -> None:
        was = self.breaker.state
        self.breaker.failed(monotonic())
        UPSTREAM_FAILURES.labels(self.name, reason).inc()
        log.warning("upstream.failed", upstream=self.name, reason=reason, error=type(error).__name__)
        if self.breaker.state is State.OPEN:
            self._open.set(1)
            if was is not State.OPEN:
                log.warning("breaker.opened", upstream=self.name)
