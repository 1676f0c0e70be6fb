"""Problem documents of the gateway itself, written straight to the server."""

import math
from http import HTTPStatus

from careloop_common.errors import DomainError, ScopeMissing
from careloop_common.problems import RATE_RESET, problem
from starlette.exceptions import HTTPException
from starlette.responses import Response

from careloop_gateway.errors import CredentialsInvalid, Refusal
from careloop_gateway.exchange import Exchange

_CODES = {400: "malformed_request", 404: "route_not_found", 405: "method_not_allowed"}


async def send_problem(exchange: Exchange, error: Exception) -> None:
    """Answer with what went wrong. Whatever is not an error that we know is our own fault."""
    answer = _problem(error, exchange.path)
    answer.raw_headers += exchange.answer_headers
    answer.headers["cache-control"] = "no-store"
    exchange.status = answer.status_code
    await answer(exchange.scope, exchange.receive, exchange.send)


def _problem(error: Exception, instance: str) -> Response:
    if isinstance(error, DomainError):
        return _of_domain(error, instance)
    if isinstance(error, HTTPException):
        status = error.status_code
        title = HTTPStatus(status).phrase
        headers = dict(error.headers or {})
        return problem(status, _CODES[status], title, str(error.detail), instance=instance, headers=headers)
    detail = "An unexpected error occurred; the trace id finds it in the logs."
    return problem(500, "internal_error", "Internal error", detail, instance=instance)


def _of_domain(error: DomainError, instance: str) -> Response:
    status = error.status
    headers = dict(error.headers) if isinstance(error, Refusal) else {}
    if status in {429, 503}:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after or 1)))
    if status == 429:
        headers[RATE_RESET] = headers["retry-after"]
    if challenge := _challenge(error, status):
        headers["www-authenticate"] = challenge
    return problem(
        status, error.code, error.title, error.detail, instance=instance, headers=headers, extra=error.extra
    )


def _challenge(error: DomainError, status: int) -> str | None:
    """RFC 6750, section 3: what to do about it."""
    if isinstance(error, CredentialsInvalid):
        return 'Bearer realm="careloop", error="invalid_token"'
    if isinstance(error, ScopeMissing):
        return f'Bearer realm="careloop", error="insufficient_scope", scope="{error.extra["scope"]}"'
    return 'Bearer realm="careloop"' if status == 401 else None
