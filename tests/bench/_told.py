"""Single interactions of customers whom nobody asks for, followed until other services are told of the tag."""

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import nats
from _probes import COLD, Tally, of_the_flood, outside_the_flood, send
from careloop_common import clock
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy

TAG = "roamed_30d"
TOLD_BY = "care.v1.customer.*.tags_changed"
EVERY = 0.25
"""Seconds from one to the next."""
PATIENCE = 120
"""Seconds after which whoever was not told of is not waited for any more."""


class Item(msgspec.Struct):
    code: str


class TagsChanged(msgspec.Struct):
    """As much of the event as is needed; the load runs on the machine that is measured."""

    person_id: str
    items: list[Item]


decode = msgspec.json.Decoder(TagsChanged).decode


class Listener:
    """Hears of tags that change, and knows who is waited for."""

    def __init__(self) -> None:
        self._awaited: dict[str, asyncio.Future[float]] = {}

    def expect(self, person_id: str) -> asyncio.Future[float]:
        """When, by `time.perf_counter`, it is told that the person has the tag; to be called before that can happen."""
        self._awaited[person_id] = arrival = asyncio.get_running_loop().create_future()
        return arrival

    async def hear(self, message: Msg) -> None:
        if TAG.encode() not in message.data:
            return
        told = decode(message.data)
        if any(item.code == TAG for item in told.items) and (
            arrival := self._awaited.pop(told.person_id, None)
        ):
            arrival.set_result(time.perf_counter())


@contextlib.asynccontextmanager
async def listening(broker: str) -> AsyncIterator[Listener]:
    """Hear what JetStream delivers from now on."""
    listener, client = Listener(), await nats.connect(broker)
    try:
        await client.jetstream().subscribe(
            TOLD_BY, cb=listener.hear, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW
        )
        yield listener
    finally:
        await client.close()


async def probe_told(
    http: aiohttp.ClientSession, tally: Tally, options: argparse.Namespace, over: asyncio.Event
) -> None:
    """Have something happen that is a reason for a tag, every so often to one of the flood and to one to whom nothing else
    happens, however long the ones before take; note how long until JetStream delivers that they have it. Nothing where
    NATS is not known."""
    if options.broker is None:
        return
    warm = time.perf_counter() + COLD
    (_, flood), (_, calm) = of_the_flood(options), outside_the_flood(options)
    async with listening(options.broker) as listener, asyncio.TaskGroup() as followed:
        for busy, other in zip(flood, calm, strict=False):
            those = tally.told if time.perf_counter() > warm else tally.told_cold
            followed.create_task(_follow(http, options, tally, listener, busy, those))
            followed.create_task(_follow(http, options, tally, listener, other, tally.told_calm))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), EVERY)
                return


async def _follow(
    http: aiohttp.ClientSession,
    options: argparse.Namespace,
    tally: Tally,
    listener: Listener,
    owner: int,
    those: list[float],
) -> None:
    began, arrival = time.perf_counter(), listener.expect(options.ids[owner])
    await send(http, tally, options, owner, "roaming", clock.now())
    await asyncio.wait({arrival}, timeout=PATIENCE)
    if arrival.done():
        those.append(arrival.result() - began)
    else:
        tally.untold += 1
