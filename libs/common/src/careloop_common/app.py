"""Building a service's application: what all of them have, so that a `main.py` lists only its own routers."""

from collections.abc import Collection, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware

from careloop_common import health, problems
from careloop_common.edge import Edge
from careloop_common.runtime import Runtime


def build_app(
    runtime: Runtime[Any],
    *,
    title: str,
    routers: Sequence[APIRouter],
    required: Collection[str] = ("database",),
) -> FastAPI:
    """An application with problem documents, health, metrics, traces, deadlines and body limits.

    `required` is what readiness depends on, of `database` and `broker`.
    """
    settings = runtime.settings
    app = FastAPI(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        # `Edge` has the span and the metric of a request; a second pair would only cost.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        openapi_url="/openapi.json",
        middleware=[Middleware(Edge, seconds=settings.request_seconds, body_bytes=settings.body_bytes)],
    )
    app.state.runtime = runtime
    problems.install(app)
    health.install(app, runtime, required)
    for router in routers:
        app.include_router(router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document with the one schema that every failure has, instead of its own validation error."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {})
        schemas["Problem"] = problem
        app.openapi_schema = document
    return app.openapi_schema
