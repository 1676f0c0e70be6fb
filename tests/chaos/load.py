"""Clients that never give up and remember what they were promised."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import aiohttp
from careloop_common import clock, ids

INTERACTIONS_PER_BATCH = 50
_PAUSE_SECONDS = 0.05
_TRY_SECONDS = 15.0


@dataclass
class Journal:
    """Every write that was acknowledged with a 2xx, and every one that was tried."""

    revisions: dict[UUID, int] = field(default_factory=dict)
    """Customer → the last revision that was acknowledged."""
    tickets: dict[str, UUID] = field(default_factory=dict)
    """External reference → the ticket that it was answered with."""
    resolved: set[UUID] = field(default_factory=set)
    interactions: dict[UUID, int] = field(default_factory=dict)
    """Customer → acknowledged interactions."""
    retries: Counter[str] = field(default_factory=Counter)
    """Why requests had to be sent again."""
    refused: list[str] = field(default_factory=list)
    """Answers that no client should ever get, such as a 500 or a 4xx for a right request."""

    @property
    def acknowledged(self) -> int:
        writes = sum(self.revisions.values()) + len(self.revisions) + len(self.tickets) + len(self.resolved)
        return writes + sum(self.interactions.values())


class Client:
    """HTTP through the gateway, again and again until it works."""

    def __init__(self, session: aiohttp.ClientSession, base: str, journal: Journal) -> None:
        self._session = session
        self._base = base
        self.journal = journal

    async def insist(self, method: str, path: str, body: Any, *, key: str | None = None) -> dict[str, Any]:
        """Send the same request until it is acknowledged."""
        headers = {"idempotency-key": key} if key else {}
        while True:
            status, answer = await self._try(method, path, body, headers)
            if 200 <= status < 300:
                return answer
            if status not in {0, 409, 429, 502, 503, 504}:
                self.journal.refused.append(f"{method} {path} → {status} {answer.get('code')}")
            self.journal.retries[str(answer.get("code", "no answer"))] += 1
            await asyncio.sleep(_PAUSE_SECONDS * random.uniform(1, 4))

    async def _try(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        try:
            async with self._session.request(
                method,
                self._base + path,
                json=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=_TRY_SECONDS),
            ) as response:
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, {}


async def customers_and_tickets(client: Client, name: str, stop: Callable[[], bool]) -> None:
    """One agent: registers a customer, revises them, files a complaint about them, sometimes resolves it."""
    for number in count():
        if stop():
            return
        reference = f"{name}-{number}"
        customer = await client.insist("POST", "/v1/customers", _customer(reference), key=reference)
        customer_id = UUID(customer["customer_id"])
        client.journal.revisions[customer_id] = 0
        for revision in range(1, 4):
            body = {"attributes": {"revision": revision}}
            await client.insist("PATCH", f"/v1/customers/{customer_id}", body)
            client.journal.revisions[customer_id] = revision
        await _complain(client, reference, customer_id, resolve=number % 3 == 0)


async def _complain(client: Client, reference: str, customer_id: UUID, *, resolve: bool) -> None:
    body = {
        "channel": "hotline",
        "source": "chaos",
        "external_ref": reference,
        "subject": "宽带太慢",
        "customer_id": str(customer_id),
    }
    ticket = await client.insist("POST", "/v1/tickets", body, key=reference)
    ticket_id = UUID(ticket["id"])
    client.journal.tickets[reference] = ticket_id
    if resolve:
        await client.insist("POST", f"/v1/tickets/{ticket_id}/respond", {}, key=f"{reference} respond")
        await client.insist("POST", f"/v1/tickets/{ticket_id}/resolve", {}, key=f"{reference} resolve")
        client.journal.resolved.add(ticket_id)


async def interactions(client: Client, stop: Callable[[], bool]) -> None:
    """One device gateway: batches of interactions, each sent until it is acknowledged, so some of them twice."""
    while not stop():
        known = list(client.journal.revisions)
        if not known:
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        chosen = random.choices(known, k=INTERACTIONS_PER_BATCH)
        at = clock.now().isoformat()
        items = [
            {
                "customer": {"customer_id": str(customer_id)},
                "channel": "app_android",
                "kind": "usage",
                "occurred_at": at,
                "message_id": ids.new_id().hex,
            }
            for customer_id in chosen
        ]
        answer = await client.insist("POST", "/v1/interactions/batch", {"items": items})
        if answer["accepted"] != len(items):
            client.journal.refused.append(
                f"accepted {answer['accepted']} of {len(items)}: {answer['rejected'][:2]}"
            )
        for customer_id in chosen:
            client.journal.interactions[customer_id] = client.journal.interactions.get(customer_id, 0) + 1


def _customer(reference: str) -> dict[str, Any]:
    return {
        "source": "chaos",
        "external_id": reference,
        "name": "陈晨",
        "email": f"{reference}@189.cn",
        "attributes": {"revision": 0},
        "consents": [{"purpose": "service", "channel": "email", "granted": True}],
    }
