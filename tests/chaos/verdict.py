"""What became of every promise: read back through the public API and from the streams, never from the tables."""

import asyncio
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

import aiohttp
import nats
from careloop_contracts.streams import STREAMS
from load import Journal
from nats.js.api import ConsumerConfig, DeliverPolicy

HEAL_SECONDS = 90.0
_POLL_SECONDS = 0.5
Published = defaultdict[str, list[dict[str, Any]]]


@dataclass
class Verdict:
    """Findings by kind; empty lists are the goal."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.disordered)


class Reader:
    """The public API, for reading only."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def get(self, path: str) -> Any:
        async with self._session.get(self._base + path) as response:
            return await response.json() if response.status == 200 else None

    async def all(self, path: str) -> list[Any]:
        items: list[Any] = []
        cursor = ""
        while True:
            page = await self.get(f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"


async def judge(reader: Reader, nats_url: str, journal: Journal, steps: dict[str, int]) -> Verdict:
    """Look until everything is there or the healing time is over, then look for what is there twice.

    `steps` tells how many ladder steps each clock has, all of which an unanswered ticket must have climbed.
    """
    deadline = monotonic() + HEAL_SECONDS
    while True:
        verdict = Verdict()
        await asyncio.gather(
            _customers(reader, journal, verdict),
            _tickets(reader, journal, verdict),
            _events(nats_url, journal, steps, verdict),
            _messages(reader, journal, verdict),
        )
        if verdict.clean or monotonic() > deadline:
            return verdict
        await asyncio.sleep(_POLL_SECONDS)


async def _customers(reader: Reader, journal: Journal, verdict: Verdict) -> None:
    for customer_id, revision in list(journal.revisions.items()):
        found = await reader.get(f"/v1/customers/{customer_id}/profile")
        if found is None or found["customer"]["attributes"].get("revision", -1) < revision:
            verdict.lost.append(f"customer {customer_id} revision {revision}")
            continue
        stored = found["activity"]["interactions"]
        verdict.counts["interactions stored"] += stored
        sent = journal.interactions.get(customer_id, 0)
        if stored < sent:
            verdict.lost.append(f"{sent - stored} interactions of {customer_id}")
        if stored > sent:
            verdict.doubled.append(f"{stored - sent} interactions of {customer_id}")
    verdict.counts["customers"] = len(journal.revisions)


async def _tickets(reader: Reader, journal: Journal, verdict: Verdict) -> None:
    stored = Counter(ticket["external_ref"] for ticket in await reader.all("/v1/tickets"))
    verdict.counts["tickets"] = sum(stored.values())
    for reference in journal.tickets:
        if not stored[reference]:
            verdict.lost.append(f"ticket {reference}")
    verdict.doubled += [f"ticket {reference}" for reference, times in stored.items() if times > 1]


async def _events(nats_url: str, journal: Journal, steps: dict[str, int], verdict: Verdict) -> None:
    published = await _published(nats_url, verdict)
    _check_versions(published, journal, verdict)
    opened = Counter(event["ticket_id"] for event in published["careloop.ticket.opened.v1"])
    _once("opened event", opened, {str(ticket) for ticket in journal.tickets.values()}, verdict)
    unanswered = {str(ticket) for ticket in journal.tickets.values()} - {str(t) for t in journal.resolved}
    breached = Counter((e["ticket_id"], e["clock"]) for e in published["careloop.ticket.sla_breached.v1"])
    _once("breach", breached, {(ticket, clock) for ticket in unanswered for clock in steps}, verdict)
    climbed = Counter(
        (e["ticket_id"], e["clock"], e["step"]) for e in published["careloop.ticket.escalated.v1"]
    )
    _once("escalation", climbed, set(), verdict)
    heights = Counter(key[:2] for key in climbed)
    for ticket in unanswered:
        for name, height in steps.items():
            if heights[ticket, name] < height:
                verdict.lost.append(f"escalation of {ticket} {name}: {heights[ticket, name]} of {height}")
    verdict.counts["escalations"] = sum(climbed.values())
    verdict.counts["breaches"] = sum(breached.values())


def _check_versions(published: "Published", journal: Journal, verdict: Verdict) -> None:
    """Every version of a customer was published, each after the one before it."""
    versions: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for kind in ("careloop.customer.registered.v1", "careloop.customer.updated.v1"):
        for event in published[kind]:
            versions[event["customer_id"]].append((event["position"], event["version"]))
    for customer, positioned in versions.items():
        seen = [version for _, version in sorted(positioned)]
        if seen != sorted(seen):
            verdict.disordered.append(f"versions of {customer}: {seen}")
        if sorted(set(seen)) != list(range(min(seen), max(seen) + 1)):
            verdict.lost.append(f"events of {customer}: {seen}")
    verdict.lost += [f"no event of customer {who}" for who in journal.revisions if str(who) not in versions]


def _once(what: str, seen: Counter[Any], expected: set[Any], verdict: Verdict) -> None:
    verdict.lost += [f"{what} {key}" for key in expected if not seen[key]]
    verdict.doubled += [f"{what} {key}" for key, times in seen.items() if times > 1]


async def _published(nats_url: str, verdict: Verdict) -> "Published":
    """All events by type, with their position. One event id twice is one event: consumers' inboxes see to that."""
    client = await nats.connect(nats_url)
    found: Published = defaultdict(list)
    position = 0
    try:
        jetstream = client.jetstream()
        for stream in [s for s in STREAMS if s.name in {"CARE_CUSTOMER", "CARE_TICKET", "CARE_CAMPAIGN"}]:
            left = (await jetstream.stream_info(stream.name)).state.messages
            config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
            subscription = await jetstream.subscribe(
                stream.subjects[0], stream=stream.name, ordered_consumer=True, config=config
            )
            ids: set[str] = set()
            for _ in range(left):
                message = await subscription.next_msg(timeout=10)
                headers = message.headers or {}
                if headers["ce-id"] in ids:
                    verdict.counts["repeated on the wire"] += 1
                    continue
                ids.add(headers["ce-id"])
                position += 1
                found[headers["ce-type"]].append({**json.loads(message.data), "position": position})
            await subscription.unsubscribe()
    finally:
        await client.close()
    verdict.counts["events"] = position
    return found


async def _messages(reader: Reader, journal: Journal, verdict: Verdict) -> None:
    """Every complaint got one acknowledgement, which ended in exactly one way."""
    ledger: Counter[str] = Counter()
    for message in await reader.all("/v1/messages"):
        verdict.counts[f"messages {message['state']}"] += 1
        if message["template"] == "complaint_acknowledged":
            ledger[str(message["reference"])] += 1
    tickets: set[UUID] = set(journal.tickets.values())
    for ticket in tickets:
        matching = [times for reference, times in ledger.items() if str(ticket) in reference]
        if not matching:
            verdict.lost.append(f"acknowledgement of {ticket}")
        elif sum(matching) > 1:
            verdict.doubled.append(f"acknowledgement of {ticket}")
