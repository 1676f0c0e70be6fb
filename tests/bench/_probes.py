"""Batches sent as clients send them, and single interactions among them that are followed: to a query that finds them, and to
the tag for which they are a reason."""

import argparse
import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import msgspec
from _interactions import SOURCE
from careloop_common import clock

PROBED = 601
"""Customers to whom nothing happens but what is sent alone: one is asked for, the others are to be tagged."""
BUSY = 1000
"""Customers of the flood of whom one interaction is followed, each once; and as many others whom nobody asks for meanwhile."""
COLD = 30
"""Seconds in which all of them do all that they do for the first time that day."""
encode = msgspec.json.Encoder().encode


@dataclass
class Tally:
    """What was sent and what became of it."""

    sent: int = 0
    accepted: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    retries: int = 0
    posts: list[float] = field(default_factory=list)
    probes: list[float] = field(default_factory=list)
    tagged: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    told_cold: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    told_calm: list[float] = field(default_factory=list)
    untold: int = 0


async def post(http: aiohttp.ClientSession, body: bytes, owners: list[int], count: int, tally: Tally) -> None:
    """Send until it is taken, as clients must after a 429 or 503."""
    while True:
        began = time.perf_counter()
        headers = {"content-type": "application/json"}
        async with http.post("/v1/interactions/batch", data=body, headers=headers) as answer:
            result = await answer.json()
        if answer.status in {429, 503, 504}:
            tally.retries += 1
            await asyncio.sleep(0.5)
            continue
        assert answer.status == 202, result
        tally.posts.append(time.perf_counter() - began)
        tally.sent += count
        tally.refused += len(result["rejected"])
        tally.accepted.update(owners)
        return


async def probe(
    http: aiohttp.ClientSession, tally: Tally, options: argparse.Namespace, over: asyncio.Event
) -> None:
    """Send single interactions of a customer of their own; note how long until each is found. It is asked for every 20 ms,
    which is the resolution."""
    owner = options.customers - PROBED
    path = f"/v1/customers/{options.ids[owner]}/interactions?limit=1"
    while not over.is_set():
        began, at = time.perf_counter(), clock.now()
        await send(http, tally, options, owner, "browse", at)
        while True:
            async with http.get(path) as answer:
                rows = (await answer.json())["items"]
            if rows and datetime.fromisoformat(rows[0]["occurred_at"]) >= at:
                break
            await asyncio.sleep(0.02)
        tally.probes.append(time.perf_counter() - began)
        await asyncio.sleep(0.05)


async def probe_tags(
    http: aiohttp.ClientSession, tally: Tally, options: argparse.Namespace, over: asyncio.Event
) -> None:
    """The same of one customer after the other to whom nothing else happens."""
    calm, _ = outside_the_flood(options)
    await _follow(http, options, over, calm, tally, lambda: tally.tagged, pause=0.4, step=0.1)


async def probe_busy(
    http: aiohttp.ClientSession, tally: Tally, options: argparse.Namespace, over: asyncio.Event
) -> None:
    """The same of customers of the flood, several at once; at first apart, for then everything is new to all."""
    warm = time.perf_counter() + COLD
    busy, _ = of_the_flood(options)

    def noted() -> list[float]:
        return tally.busy if time.perf_counter() > warm else tally.cold

    several = (_follow(http, options, over, busy, tally, noted, pause=1.0, step=0.1) for _ in range(6))
    await asyncio.gather(*several)


def of_the_flood(options: argparse.Namespace) -> tuple[Iterator[int], Iterator[int]]:
    """Two samples of its customers: one to be asked for, and one that nobody asks for. None is in both."""
    flood = range(options.customers - PROBED)
    some = random.Random(options.seed).sample(flood, min(2 * BUSY, len(flood)))
    return iter(some[::2]), iter(some[1::2])


def outside_the_flood(options: argparse.Namespace) -> tuple[Iterator[int], Iterator[int]]:
    """The same of those to whom nothing else happens."""
    calm = range(options.customers - PROBED + 1, options.customers)
    return iter(calm[::2]), iter(calm[1::2])


async def _follow(
    http: aiohttp.ClientSession,
    options: argparse.Namespace,
    over: asyncio.Event,
    owners: Iterator[int],
    tally: Tally,
    noted: Callable[[], list[float]],
    *,
    pause: float,
    step: float,
) -> None:
    """Have something happen to one customer after the other that is a reason for a tag; note how long until they have it,
    who is followed at the end until the end."""
    for owner in owners:
        began, those = time.perf_counter(), noted()
        await send(http, tally, options, owner, "roaming", clock.now())
        while not await _has_roamed(http, options.ids[owner]):  # noqa: ASYNC110
            await asyncio.sleep(step)
        those.append(time.perf_counter() - began)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), pause)
            return


async def _has_roamed(http: aiohttp.ClientSession, customer_id: str) -> bool:
    async with http.get(f"/v1/customers/{customer_id}/tags") as answer:
        return any(tag["code"] == "roamed_30d" for tag in (await answer.json())["items"])


async def send(
    http: aiohttp.ClientSession,
    tally: Tally,
    options: argparse.Namespace,
    owner: int,
    kind: str,
    at: datetime,
) -> None:
    """Send one interaction."""
    item = {
        "customer": {"customer_id": options.ids[owner]},
        "channel": "web",
        "kind": kind,
        "occurred_at": at,
        "message_id": f"probe-{owner}-{at.isoformat()}-{SOURCE}",
    }
    await post(http, encode({"items": [item]}), [owner], 1, tally)
