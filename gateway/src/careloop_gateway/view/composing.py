"""The 360° view: first who the customer is, then one question to each service for each customer of the person, all at a
time; an answer in any case."""

import asyncio
import json
from collections.abc import Mapping, Sequence
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
_MOST_CUSTOMERS = 10
"""Of a person, that services are asked for: the one that the view is of, and others."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part comes from, and what a caller must hold to see it."""

    upstream: str
    path: str
    scope: str
    of_all: bool = False
    """Whether it is a list that has what there is of every customer of the person."""


SOURCES: Mapping[str, Source] = {
    "profile": Source("profile", "/v1/customers/{id}", "customers:read"),
    "overview": Source("profile", "/v1/customers/{id}/overview", "customers:read"),
    "score": Source("scoring", "/v1/scores/{id}", "scores:read"),
    "tickets": Source("ticketing", "/v1/tickets?customer_id={id}&limit=20", "tickets:read", of_all=True),
    "care_tasks": Source("campaign", "/v1/care-tasks?customer_id={id}&limit=20", "care:read", of_all=True),
    "messages": Source("campaign", "/v1/messages?customer_id={id}&limit=20", "messages:read", of_all=True),
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

    async def ask(source: Source, members: Sequence[str]) -> Part:
        upstream = upstreams[source.upstream]
        wanted = members if source.of_all else members[:1]
        return _together(await asyncio.gather(*(_part(upstream, source, key, asking) for key in wanted)))

    person = await ask(SOURCES["overview"], [str(customer_id)])
    members = _members(str(customer_id), person)
    others = {name: source for name, source in SOURCES.items() if name != "overview"}
    found = await asyncio.gather(*(ask(source, members) for source in others.values()))
    return {"overview": person, **dict(zip(others, found, strict=True))}


def _members(customer_id: str, person: Part) -> Sequence[str]:
    """The customers of the person, the one that the view is of first; it alone, where nothing is known of them."""
    known = (person.data or {}).get("customers", [])
    others = [one["customer_id"] for one in known if one["customer_id"] != customer_id]
    return [customer_id, *others][:_MOST_CUSTOMERS]


def _together(parts: Sequence[Part]) -> Part:
    """One list of what several have, the newest first. If one is missing, so is a piece of the whole."""
    worst = next((part for part in parts if part.status in {"missing", "forbidden"}), parts[0])
    if len(parts) == 1 or worst.status != "ok":
        return worst
    items = [item for part in parts for item in (part.data or {}).get("items", [])]
    newest = sorted(items, key=lambda item: str(item.get("created_at", "")), reverse=True)
    return Part(status="ok", data={"items": newest[:_SHOWN], "next_cursor": None})


async def _part(upstream: Upstream, source: Source, customer_id: str, asking: Asking) -> Part:
    if not asking.actor.may(source.scope):
        return Part(status="forbidden", reason=f"needs the scope {source.scope}")
    headers = of_our_own(asking.authorization, asking.request_id, asking.seconds)
    outgoing = Outgoing("GET", source.path.replace("{id}", customer_id), headers)
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
