"""Interactions: a month of contacts over all channels, streamed in batches; each is stored once, even if sent twice."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from careloop_local.demo import figures
from careloop_local.demo.journey import Journey
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station
from careloop_local.simulator import interactions
from careloop_local.simulator.interactions import Interaction
from careloop_local.waiting import gather_limited, until

BATCH = 500
STREAMS = 4
SENT_AGAIN = 2  # batches that are sent a second time, as after a lost answer
STORED_WITHIN = 30.0


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    people, plan = list(journey.customers.values()), journey.plan
    stream = interactions.simulate(people, plan.size.interactions, seed=plan.seed, today=plan.today)
    batches = list(_batches(stream))
    sending = _Sending(journey, line, len(stream))
    started = time.monotonic()
    await gather_limited([partial(sending.send, batch) for batch in batches], STREAMS)
    again = batches[:SENT_AGAIN]
    for batch in again:
        await sending.send(batch, count=False)

    async def stored() -> int | None:
        found = _stored(journey)
        line.update(found, len(stream), "stored")
        return found if found >= len(stream) else None

    found = await until(stored, STORED_WITHIN, "storing every interaction")
    seconds = time.monotonic() - started
    repeated = sum(map(len, again))
    outcome.show(
        "interactions", f"{figures.count(len(stream))} over {len({i.channel for i in stream})} channels"
    )
    outcome.show("rate to stored", figures.rate(len(stream), seconds))
    outcome.show("sent twice on purpose", figures.count(repeated))
    outcome.expect("all accepted", sending.accepted == len(stream), f"{sending.rejected} rejected")
    outcome.expect("stored exactly once", found == len(stream), f"{found:,} of {len(stream):,}")
    await _check_busiest(journey, stream, outcome)


class _Sending:
    """Batches on their way, and what became of them."""

    def __init__(self, journey: Journey, line: Line, total: int) -> None:
        self.journey = journey
        self.line = line
        self.total = total
        self.accepted = 0
        self.rejected = 0

    async def send(self, batch: Sequence[Interaction], *, count: bool = True) -> None:
        items = [_item(interaction, self.journey.plan.source) for interaction in batch]
        answer = await self.journey.gateway.post("/v1/interactions/batch", {"items": items})
        if count:
            self.accepted += answer["accepted"]
            self.rejected += len(answer["rejected"])
            self.line.update(self.accepted, self.total, "accepted")


def _item(interaction: Interaction, source: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "customer": {"source": source, "external_id": interaction.customer_no},
        "message_id": f"{source}-{interaction.number}",
        "source": source,
        "channel": interaction.channel,
        "kind": interaction.kind,
        "occurred_at": interaction.occurred_at.isoformat(),
    }
    return item if interaction.amount is None else item | {"amount": str(interaction.amount)}


def _batches(stream: Sequence[Interaction]) -> Iterator[Sequence[Interaction]]:
    for start in range(0, len(stream), BATCH):
        yield stream[start : start + BATCH]


def _stored(journey: Journey) -> int:
    """Interactions of this run's customers, counted as they are announced on NATS."""
    mine = {customer.customer_id for customer in journey.customers.values()}
    return sum(
        item["interactions"]
        for seen in journey.observer.of("customer.activity_recorded")
        for item in seen.data["items"]
        if item["customer_id"] in mine
    )


async def _check_busiest(journey: Journey, stream: Sequence[Interaction], outcome: Outcome) -> None:
    """What the API says about one customer is what was sent for him."""
    number, sent = Counter(interaction.customer_no for interaction in stream).most_common(1)[0]
    customer_id = journey.customers[number].customer_id
    profile = await journey.gateway.get(f"/v1/customers/{customer_id}/profile")
    counted = profile["activity"]["interactions"]
    outcome.expect("the busiest customer's timeline is complete", counted == sent, f"{counted} of {sent}")


STATION = Station("Interactions", work)
