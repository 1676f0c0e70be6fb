"""RFC 9457 problem documents for every answer that is not a success."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from careloop_common import tmforum
from careloop_common.errors import DeadlineExceeded, DomainError, ServiceUnavailable
from careloop_common.failures import DATABASE_ERRORS, is_transient
from careloop_common.observability.tracing import current_trace_id, mark_failed

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
DOCS = "https://careloop.dev/errors#"
"""Where a problem's `type` points; `docs/errors.md` has one anchor per code."""

RATE_RESET = "x-ratelimit-reset"
"""Seconds until the caller may come again: the older name of `Retry-After`, which SDKs that collect events look for."""


class FieldProblem(BaseModel):
    """One wrong member of the request; `pointer` is a JSON Pointer (RFC 6901) into the body, or a parameter's name."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """Body of every answer that is not a success (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str | None = None
    errors: list[FieldProblem] | None = None


_HTTP_CODES = {
    400: "malformed_request",
    404: "route_not_found",
    405: "method_not_allowed",
    413: "body_too_large",
}


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    instance: str,
    errors: Sequence[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    """A problem document as a response; under `/tmf-api/`, the TM Forum's error."""
    if tmforum.applies(instance):
        error = tmforum.body(status, code, title, detail, reference=f"{DOCS}{code}", errors=errors)
        content = json.dumps(error, ensure_ascii=False).encode("utf-8", "replace")
        answered = tmforum.status_of(status)
        return Response(content, status_code=answered, media_type="application/json", headers=headers)
    body: dict[str, Any] = {
        "type": f"{DOCS}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "trace_id": current_trace_id(),
        **(extra or {}),
    }
    if errors is not None:
        body["errors"] = list(errors)
    content = json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def from_error(error: DomainError, instance: str) -> Response:
    """The problem document of a `DomainError`."""
    status = error.status
    headers: dict[str, str] = {}
    if error.retry_after is not None or status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(max(1, round(error.retry_after or 1)))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            headers[RATE_RESET] = headers["retry-after"]
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="careloop"'
    fields = [{"pointer": error.pointer, "detail": error.detail}] if error.pointer is not None else None
    return problem(
        status,
        error.code,
        error.title,
        error.detail,
        instance=instance,
        errors=fields,
        headers=headers or None,
        extra=error.extra,
    )


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that may raise these, on top of what every route may answer."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        entry = documented.setdefault(error.status, _documented(""))
        entry["description"] = ", ".join(
            filter(None, [entry["description"], f"{error.title} (`{error.code}`)"])
        )
    return documented


def standard_problems(*, body: bool = True) -> dict[int | str, dict[str, Any]]:
    """What every route may answer."""
    codes = [401, 403, 422, 500, 503, 504] + ([400, 413, 415] if body else [])
    return {code: _documented(HTTPStatus(code).phrase) for code in sorted(codes)}


def _documented(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def install(app: FastAPI) -> None:
    """Make every failure of `app` a problem document that we have a word for; `Edge` does it for all others."""

    @app.exception_handler(DomainError)
    async def on_domain_error(request: Request, error: DomainError) -> Response:
        return from_error(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return _invalid(request, error)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        code = _HTTP_CODES.get(error.status_code, f"http_{error.status_code}")
        phrase = HTTPStatus(error.status_code).phrase
        return problem(
            error.status_code,
            code,
            phrase,
            str(error.detail),
            instance=request.url.path,
            headers=dict(error.headers or {}),
        )

    for lost in (*DATABASE_ERRORS, ConnectionError):
        app.add_exception_handler(lost, _on_database)
    app.add_exception_handler(TimeoutError, _on_timeout)
    app.add_exception_handler(ResponseValidationError, _on_unexpected)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        detail = "The body is not valid JSON."
        return problem(400, "malformed_request", "Malformed request", detail, instance=request.url.path)
    fields = [{"pointer": _pointer(item["loc"]), "detail": str(item["msg"])} for item in found[:50]]
    detail = f"{len(found)} member(s) of the request are not valid."
    return problem(
        422, "validation_failed", "Validation failed", detail, instance=request.url.path, errors=fields
    )


def _pointer(location: Sequence[Any]) -> str:
    where, *path = location
    if where == "body":
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return str(path[0]) if path else str(where)


async def _on_database(request: Request, error: Exception) -> Response:
    if not is_transient(error):
        return await _on_unexpected(request, error)
    original = getattr(error, "orig", None) or error
    log.warning("database.unavailable", path=request.url.path, error=type(original).__name__)
    return from_error(ServiceUnavailable("The database does not answer.", retry_after=2), request.url.path)


async def _on_timeout(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return from_error(DeadlineExceeded(), request.url.path)


async def _on_unexpected(request: Request, error: Exception) -> Response:
    return unexpected(error, request.method, request.url.path)


def unexpected(error: Exception, method: str, path: str) -> Response:
    """The answer to a failure that nobody foresaw. It is in the log and on the span, and its text nowhere else."""
    log.error("request.failed", path=path, method=method, exc_info=error)
    mark_failed(error)
    detail = "An unexpected error occurred; the trace id finds it in the logs."
    return problem(500, "internal_error", "Internal error", detail, instance=path)
