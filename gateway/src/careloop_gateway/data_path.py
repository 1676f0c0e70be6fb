"""The data path: one ASGI layer in front of everything, which takes each request through the policies in order.

    sizes → route → caller → scope → rate → (deadline: body, bulkhead, breaker, service) → answer

Whatever goes wrong on the way is answered with a problem document. When an answer is already on its way, the connection
is cut instead: half of an answer must not look like a whole one.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter

import structlog
from careloop_common.errors import DeadlineExceeded, DomainError
from careloop_common.observability.metrics import HTTP_SECONDS
from careloop_common.observability.tracing import mark_failed
from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from careloop_gateway.chain.answers import send_problem
from careloop_gateway.chain.own import Own
from careloop_gateway.chain.policy import Policy
from careloop_gateway.errors import RequestIncomplete
from careloop_gateway.exchange import Exchange
from careloop_gateway.routes import LOCAL
from careloop_gateway.tracing import request_span
from careloop_gateway.upstream.bodies import ClientGone
from careloop_gateway.upstream.proxy import Proxy

log = structlog.get_logger()
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class DataPath:
    """`proxy` serves the routes of services, `app` the gateway's own and what is not HTTP."""

    def __init__(self, app: ASGIApp, *, policies: Sequence[Policy], proxy: Proxy) -> None:
        self._app = app
        self._policies = tuple(policies)
        self._own = Own(app)
        self.proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send)
        with request_span(exchange) as span:
            await self._serve(exchange)
            _describe(span, exchange)
        _measure(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            for policy in self._policies:
                await policy(exchange)
            await self._within_deadline(exchange)
        except ClientGone:
            exchange.status = 499
        except (DomainError, HTTPException) as refusal:
            if exchange.status:
                raise
            await send_problem(exchange, refusal)
        except Exception as error:
            if exchange.status:
                raise
            log.exception("request.failed", path=exchange.path, method=exchange.method)
            mark_failed(error)
            await send_problem(exchange, error)

    async def _within_deadline(self, exchange: Exchange) -> None:
        end: Policy = self._own if exchange.matched.upstream == LOCAL else self.proxy
        try:
            async with asyncio.timeout(max(0.0, exchange.seconds_left)) as exchange.timer:
                await end(exchange)
        except TimeoutError:
            if exchange.timer is None or not exchange.timer.expired():
                raise
            if exchange.waiting_for_client:
                raise RequestIncomplete(
                    "The rest of the body did not come.", headers={"connection": "close"}
                ) from None
            raise DeadlineExceeded("The service did not answer in the time that this request had.") from None


def _measure(exchange: Exchange) -> None:
    route = exchange.route
    if route is not None and route.upstream == LOCAL and exchange.status < 400:
        return  # The application behind has counted it.
    method = exchange.method if exchange.method in _METHODS else "other"
    path = route.path if route is not None else "unmatched"
    HTTP_SECONDS.labels(method, path, str(exchange.status)).observe(perf_counter() - exchange.started)


def _describe(span: trace.Span, exchange: Exchange) -> None:
    if span.is_recording():
        span.set_attribute("http.response.status_code", exchange.status)
        if exchange.route is not None:
            span.update_name(f"{exchange.method} {exchange.route.path}")
