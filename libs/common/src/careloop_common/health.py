"""Health for orchestrators and people: `/livez`, `/readyz`, `/metrics`. Answers are health+json shaped."""

import asyncio
import time
from collections.abc import Collection
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select

from careloop_common.plumbing import timer
from careloop_common.runtime import Runtime
from careloop_common.timers import canary

CACHE_SECONDS = 1.0
_PROBE_SECONDS = 2.0
CANARY_TOLERANCE = 20.0
"""Seconds; the canary sings every ten."""
_OVERDUE = select(func.extract("epoch", func.now() - func.min(timer.c.due_at))).where(
    timer.c.kind == canary.KIND
)


def health_router(runtime: Runtime[Any], required: Collection[str] = ("database",)) -> APIRouter:
    """Routes that tell how this process is; never behind authentication, never through the gateway."""
    router = APIRouter(include_in_schema=False)
    cached: dict[str, Any] = {"until": 0.0, "checks": {}}

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "pass"}

    @router.get("/readyz")
    async def readyz() -> Response:
        if time.monotonic() >= cached["until"]:
            cached["checks"] = await _checks(runtime, required)
            cached["until"] = time.monotonic() + CACHE_SECONDS
        states = {check["status"] for check in cached["checks"].values()}
        status = "fail" if "fail" in states else "warn" if "warn" in states else "pass"
        body = {"status": status, "serviceId": f"careloop-{runtime.service}", "checks": cached["checks"]}
        return JSONResponse(body, 503 if status == "fail" else 200, media_type="application/health+json")

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _checks(runtime: Runtime[Any], required: Collection[str]) -> dict[str, dict[str, str]]:
    """What is required must answer. Without the broker the outbox still takes writes: that is only a warning."""
    overdue = await _canary_overdue(runtime)
    answers = {
        "database": overdue is not None,
        "broker": runtime.bus.connected,
        "timers": overdue is not None and overdue < CANARY_TOLERANCE,
    }
    return {
        name: {"status": "pass" if answer else "fail" if name in required else "warn"}
        for name, answer in answers.items()
    }


async def _canary_overdue(runtime: Runtime[Any]) -> float | None:
    """By how many seconds the canary is late: nobody fires timers. None if the database does not answer.

    Any process can tell, the one that answers HTTP too; where no worker ever ran there is no canary to be late.
    """
    try:
        async with asyncio.timeout(_PROBE_SECONDS), runtime.database.engine.connect() as connection:
            return float(await connection.scalar(_OVERDUE) or 0)
    except Exception:  # noqa: BLE001  (any failure at all means: not ready)
        return None


def install(app: FastAPI, runtime: Runtime[Any], required: Collection[str] = ("database",)) -> None:
    """Add the health routes to `app`; it is ready when what it requires answers."""
    app.include_router(health_router(runtime, required))
