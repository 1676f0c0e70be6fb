"""Messages of the Segment specification: their rate beside that of the native API, bad ones among them, and their order.

    python tests/bench/collection.py                                   # all three, small
    python tests/bench/collection.py --items 1000000 --runs 10000      # as the criteria want them

*rate*: both APIs in one run, sending as fast as it goes, until everything is in the database. *poison*: one message in a thousand
is of a channel that there is not; all others must be stored, each bad one must be a dead letter with its reason and, once there is
such a channel, be stored as well. *order*: identify messages of many customers in random order, some twice, over several
connections; the traits must be those of the latest message of each, in every run.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import msgspec
from _stack import Meter, OwnStack, own_stack
from careloop_common import clock
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.interactions.policy import message_uid, microseconds

SCOPES = ("interactions:write", "interactions:read", "interactions:replay", "channels:write")
SOURCE = "test-user"
USERS = 5000
BATCH = 500
CONNECTIONS = 8
PROPERTIES = '{"session":"%032x","page":"/plans/5g/details","device":{"os":"android","model":"P60","network":"5G"},"duration_ms":%d}'
SEGMENT = (
    '{"type":"track","messageId":"%s%d","userId":"u%d","event":"Plan Viewed","timestamp":"%s","properties":%s,'
    '"context":{"channel":"%s","library":{"name":"analytics.js","version":"2.1.0"},"locale":"zh-CN"}}'
)
NATIVE = (
    '{"customer":{"source":"test-user","external_id":"u%d"},"channel":"web","kind":"plan_viewed","occurred_at":"%s",'
    '"message_id":"n%d","properties":%s}'
)
encode = msgspec.json.Encoder().encode


class Bench:
    """A stack with connections to its API and its database."""

    def __init__(self, stack: OwnStack, http: aiohttp.ClientSession, database: asyncpg.Connection) -> None:
        self.stack, self._http, self._database = stack, http, database

    async def post(self, path: str, body: bytes) -> Any:
        """Send until it is taken, as clients must after a 429 or 503."""
        while True:
            headers = {"content-type": "application/json"}
            async with self._http.post(path, data=body, headers=headers) as answer:
                result = await answer.json()
            if answer.status not in {429, 503, 504}:
                assert answer.status < 300, result
                return result
            await asyncio.sleep(0.5)

    async def send(self, path: str, bodies: Iterable[bytes]) -> float:
        """Send all bodies over some connections; returns the seconds it took."""
        started, queue = time.perf_counter(), iter(bodies)

        async def one() -> None:
            for body in queue:
                await self.post(path, body)

        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
        return time.perf_counter() - started

    async def count(self, what: str) -> int:
        return int(await self._database.fetchval(f"SELECT count(*) FROM {what}"))

    async def reach(self, what: str, number: int, seconds: float = 300) -> int:
        """Wait until so many are there, or for so long."""
        deadline = time.perf_counter() + seconds
        found = await self.count(what)
        while found < number and time.perf_counter() < deadline:
            await asyncio.sleep(0.2)
            found = await self.count(what)
        return found

    async def attributes(self) -> dict[str, dict[str, Any]]:
        rows = await self._database.fetch("SELECT id::text, attributes FROM customer")
        return {row[0]: msgspec.json.decode(row[1]) for row in rows}


def segment(number: int, at: str, channel: str = "web", prefix: str = "s") -> str:
    return SEGMENT % (prefix, number, number % USERS, at, PROPERTIES % (number, number % 60_000), channel)


def native(number: int, at: str) -> str:
    return NATIVE % (number % USERS, at, number, PROPERTIES % (number, number % 60_000))


def batches(name: str, count: int, item: Callable[[int, str], str], *, size: int = BATCH) -> Iterable[bytes]:
    for first in range(0, count, size):
        at = (clock.now() - timedelta(milliseconds=first % 3_600_000)).isoformat()
        items = ",".join(item(number, at) for number in range(first, min(count, first + size)))
        yield f'{{"{name}":[{items}]}}'.encode()


async def rate(bench: Bench, items: int) -> bool:
    """Both APIs in turn: the first turn makes the customers, and is not counted."""
    await bench.send("/v1/batch", batches("batch", USERS, lambda n, at: segment(n, at, prefix="w")))
    stored = await bench.reach("interaction", USERS)
    rates: dict[str, list[float]] = {"native": [], "segment": []}
    forms = {
        "native": ("/v1/interactions/batch", "items", native),
        "segment": ("/v1/batch", "batch", segment),
    }
    for turn in range(2):
        for form, (path, name, item) in forms.items():
            meter, started, first = Meter(bench.stack), time.perf_counter(), turn * items
            bodies = batches(name, items, lambda n, at, item=item, first=first: item(first + n, at))
            took = await bench.send(path, bodies)
            stored = await bench.reach("interaction", stored + items)
            settled = time.perf_counter() - started
            rates[form].append(items / settled)
            print(f"{form:<8} sent {items / took:>8,.0f}/s, to commit {items / settled:>8,.0f}/s")
            meter.tell(items, "message")
    best = {form: max(found) for form, found in rates.items()}
    print(f"rate     segment at {best['segment'] / best['native']:.2f} of native's rate")
    return stored == USERS + 4 * items


async def poison(bench: Bench, items: int) -> bool:
    before, refused_before = await bench.count("interaction"), await bench.count("interaction_dead_letter")
    bad = {number for number in range(items) if number % 1000 == 500}
    item = lambda n, at: segment(n, at, "hologram" if n in bad else "web", "p")  # noqa: E731
    took = await bench.send("/v1/batch", batches("batch", items, item))
    good = await bench.reach("interaction", before + items - len(bad)) - before
    told = "interaction_dead_letter WHERE reason = 'channel_unknown' AND replayed_at IS NULL"
    letters = await bench.count(told) - refused_before
    print(
        f"poison   {items:,} sent at {items / took:,.0f}/s: {good:,} stored, {letters:,} of {len(bad):,} bad ones told"
    )
    await bench.post("/v1/channels", encode({"code": "hologram", "name": "Hologram", "name_zh": "全息"}))
    left, started = 1, time.perf_counter()
    while left:
        body = encode({"reason": "channel_unknown", "limit": 1000})
        left = (await bench.post("/v1/interaction-dead-letters/replay", body))["left"]
    replayed = await bench.reach("interaction", before + items, 60) - before - good
    print(f"         {replayed:,} stored after replay, in {time.perf_counter() - started:.1f} s")
    return good == items - len(bad) and letters == replayed == len(bad)


def runs(count: int, dice: random.Random) -> tuple[list[dict[str, Any]], dict[str, dict[str, int]]]:
    """Identify messages of so many customers, and what each must be like in the end."""
    messages, expected, now = [], {}, clock.now().replace(microsecond=0)
    for run in range(count):
        said: list[tuple[datetime, str, dict[str, int]]] = []
        for number in range(8):
            at = now - timedelta(seconds=dice.randrange(4))
            said.append((at, f"o{run}-{number}", dict.fromkeys(dice.sample("abcd", 2), number)))
        said.sort(key=lambda one: (microseconds(one[0]), message_uid(microseconds(one[0]), SOURCE, one[1])))
        user = f"run-{run}"
        expected[str(customer_id_of(SOURCE, user))] = {
            name: value for _, _, traits in said for name, value in traits.items()
        }
        each = [
            {"type": "identify", "messageId": key, "userId": user, "timestamp": at, "traits": traits}
            for at, key, traits in said
        ]
        messages += each + dice.sample(each, 2)
    dice.shuffle(messages)
    return messages, expected


async def order(bench: Bench, count: int, dice: random.Random) -> bool:
    messages, expected = runs(count, dice)
    bodies = [encode({"batch": messages[first : first + 300]}) for first in range(0, len(messages), 300)]
    started = time.perf_counter()
    await bench.send("/v1/batch", bodies)
    wrong = len(expected)
    while wrong and time.perf_counter() - started < 300:
        await asyncio.sleep(0.5)
        found = await bench.attributes()
        wrong = sum(found.get(key) != traits for key, traits in expected.items())
    took = time.perf_counter() - started
    print(
        f"order    {len(messages):,} messages in {took:.1f} s ({len(messages) / took:,.0f}/s): "
        f"{len(expected) - wrong:,} of {len(expected):,} runs end as the oracle says"
    )
    return wrong == 0


async def measure(stack: OwnStack, options: argparse.Namespace) -> int:
    headers, right = {"authorization": f"Bearer {stack.key}"}, True
    async with aiohttp.ClientSession(stack.url, headers=headers) as http:
        database = await asyncpg.connect(stack.database)
        bench = Bench(stack, http, database)
        if options.only in {None, "rate"}:
            right &= await rate(bench, min(options.items, 200_000))
        if options.only in {None, "poison"}:
            right &= await poison(bench, options.items)
        if options.only in {None, "order"}:
            right &= await order(bench, options.runs, random.Random(options.seed))
        await database.close()
    return 0 if right else 1


async def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--items", type=int, default=100_000, help="messages of rate, in a turn, and of poison"
    )
    parser.add_argument("--runs", type=int, default=1_000, help="customers of order")
    parser.add_argument("--only", choices=["rate", "poison", "order"])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    async with own_stack("profile", SCOPES) as stack:
        return await measure(stack, options)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
