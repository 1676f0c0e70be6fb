"""The 360° view: one question to each service at a time, an answer in any case."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from careloop_common.errors import DomainError
from careloop_common.tokens import Actor

from careloop_gateway.routing import Limit
from careloop_gateway.upstream.headers import of_our_own
from careloop_gateway.upstream.service import Outgoing, Upstream
from careloop_gateway.view.schemas import Part

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part comes from, and what a caller must hold to see it."""

    upstream: str
    path: str
    scope: str


SOURCES: Mapping[str, Source] = {
    "profile": Source("profile", "/v1/customers/{id}", "customers:read"),
    "score": Source("scoring", "/v1/scores/{id}", "scores:read"),
    "tickets": Source("ticketing", "/v1/tickets?customer_id={id}&limit=20", "tickets:read"),
    "care_tasks": Source("campaign", "/v1/care-tasks?customer_id={id}&limit=20", "care:read"),
    "messages": Source("campaign", "/v1/messages?customer_id={id}&limit=20", "messages:read"),
    "interactions": Source("profile", "/v1/customers/{id}/interactions?limit=20", "interactions:read"),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """On whose behalf services are asked, and how long they may take."""

    actor: Actor
    authorization: str
    request_id: bytes
    seconds: float


async def parts(upstreams: Mapping[str, Upstream], customer_id: UUID, asking: Asking) -> dict[str, Part]:
    """Every part, side by side."""
    found = await asyncio.gather(
        *(_part(upstreams[source.upstream], source, customer_id, asking) for source in SOURCES.values())
    )
    return dict(zip(SOURCES, found, strict=True))


async def _part(upstream: Upstream, source: Source, customer_id: UUID, asking: Asking) -> Part:
    if not asking.actor.may(source.scope):
        return Part(status="forbidden", reason=f"needs the scope {source.scope}")
    headers = of_our_own(asking.authorization, asking.request_id, asking.seconds)
    outgoing = Outgoing("GET", source.path.replace("{id}", str(customer_id)), headers)
    try:
        async with asyncio.timeout(asking.seconds):
            return await upstream.call(outgoing, Limit.READ, _read)
    except TimeoutError:
        return Part(status="missing", reason="timeout")
    except DomainError as error:
        return Part(status="missing", reason=error.code)


async def _read(answer: aiohttp.ClientResponse) -> Part:
    if answer.status == 404:
        return Part(status="not_found")
    if answer.status == 403:
        return Part(status="forbidden", reason="the service refuses it")
    if answer.status != 200 or (answer.content_length or 0) > _LARGEST:
        return Part(status="missing", reason=f"http_{answer.status}")
    try:
        found: Any = json.loads(await answer.read())
    except ValueError:
        return Part(status="missing", reason="upstream_broken")
    return (
        Part(status="ok", data=found)
        if isinstance(found, dict)
        else Part(status="missing", reason="upstream_broken")
    )
