"""Health for orchestrators and people: `/livez`, `/readyz`, `/metrics`. Answers are health+json shaped."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from careloop_common.runtime import Runtime

_CACHE_SECONDS = 1.0
_PROBE_SECONDS = 2.0


def health_router(runtime: Runtime[Any]) -> APIRouter:
    """Routes that tell how this process is; never behind authentication, never through the gateway."""
    router = APIRouter(include_in_schema=False)
    cached: dict[str, Any] = {"until": 0.0, "checks": {}}

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "pass"}

    @router.get("/readyz")
    async def readyz() -> Response:
        if time.monotonic() >= cached["until"]:
            cached["checks"] = await _checks(runtime)
            cached["until"] = time.monotonic() + _CACHE_SECONDS
        states = {check["status"] for check in cached["checks"].values()}
        status = "fail" if "fail" in states else "warn" if "warn" in states else "pass"
        body = {"status": status, "serviceId": f"careloop-{runtime.service}", "checks": cached["checks"]}
        return JSONResponse(body, 503 if status == "fail" else 200, media_type="application/health+json")

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _checks(runtime: Runtime[Any]) -> dict[str, dict[str, str]]:
    """The database must answer; without the broker the outbox still takes writes, so that is only a warning."""
    return {
        "database": {"status": "pass" if await _database_answers(runtime) else "fail"},
        "broker": {"status": "pass" if runtime.bus.connected else "warn"},
    }


async def _database_answers(runtime: Runtime[Any]) -> bool:
    try:
        async with asyncio.timeout(_PROBE_SECONDS), runtime.database.engine.connect() as connection:
            await connection.execute(text("select 1"))
    except Exception:  # noqa: BLE001  (any failure at all means: not ready)
        return False
    return True


def install(app: FastAPI, runtime: Runtime[Any]) -> None:
    """Add the health routes to `app`."""
    app.include_router(health_router(runtime))
