"""Interactions from the batch API to durable commit: rate, latency, and whether any is lost or doubled.

    python tests/bench/interactions.py --seconds 20                      # servers of its own, profile alone
    python tests/bench/interactions.py --gateway --seconds 60            # with a gateway in front
    python tests/bench/interactions.py --gateway --past 50000000         # where fifty million are there already
    python tests/bench/interactions.py --kills 20 --rate 5000            # the worker ends by kill -9, again and again
    python tests/bench/interactions.py --home .careloop --rate 10000      # a local platform, through its gateway
    python tests/bench/interactions.py --url http://127.0.0.1:8080 --key KEY --rate 10000 --seconds 60

Five per cent of the interactions are sent a second time. At the end the counters of every customer must equal the
number of different interactions that were accepted for him. Latency is that of probes, sent alone among the batches:
from sending until a query finds them, or a tag for which they are a reason, of customers to whom nothing else happens and of
those of the flood, these in all, in the first half minute and after it. Who is asked for is looked at first: of others, of both
kinds, it is noted when other services are told, where NATS is known. Where it knows the processes it also says what each costs
per interaction.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import quantiles

import _past
import aiohttp
import asyncpg
from _interactions import SOURCE, Load
from _probes import PROBED, Tally, post, probe, probe_busy, probe_tags
from _stack import Measured, OwnStack, cpu, local_platform, own_stack
from _told import PATIENCE, probe_told

SCOPES = (
    "customers:read", "customers:write", "interactions:write", "interactions:read", "imports:write", "imports:read",
    "tags:read",
)  # fmt: skip


async def register(http: aiohttp.ClientSession, customers: int) -> list[str]:
    """Import the customers as any client would, and return their ids."""
    mapping = {"source": SOURCE, "key": "id", "others": "ignore"}
    async with http.post("/v1/imports", json={"mapping": mapping, "filename": "bench.csv"}) as answer:
        job = await answer.json()
        assert answer.status == 201, job
    path = f"/v1/imports/{job['import_id']}"
    body = "id\n" + "".join(f"{number}\n" for number in range(customers))
    for method, suffix, data in (("PUT", "/parts/1", body), ("POST", "/start", None)):
        async with http.request(method, path + suffix, data=data) as answer:
            assert answer.status < 300, await answer.text()
    while job["state"] not in {"completed", "failed"}:
        await asyncio.sleep(0.2)
        async with http.get(path) as answer:
            job = await answer.json()
    assert job["accepted"] == customers, job
    ids, cursor = {}, None
    while len(ids) < customers:
        query = {"source": SOURCE, "limit": "100"} | ({"cursor": cursor} if cursor else {})
        async with http.get("/v1/customers", params=query) as answer:
            page = await answer.json()
        ids |= {int(item["external_id"]): item["customer_id"] for item in page["items"]}
        cursor = page["next_cursor"]
    return [ids[number] for number in range(customers)]


async def drive(http: aiohttp.ClientSession, load: Load, tally: Tally, options: argparse.Namespace) -> float:
    """Send for the given seconds, at the given rate or as fast as it goes; returns the seconds it took."""
    started = time.perf_counter()
    turns = iter(range(sys.maxsize))

    async def one() -> None:
        while time.perf_counter() - started < options.seconds:
            turn = next(turns)
            if options.rate:
                due = started + turn * options.batch / options.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            owners, body = load.next()
            await post(http, body.encode(), owners, options.batch if turn else len(owners), tally)

    over = asyncio.Event()
    probing = [
        asyncio.create_task(ask(http, tally, options, over))
        for ask in (probe, probe_tags, probe_busy, probe_told)
    ]
    await asyncio.gather(*(one() for _ in range(options.connections)))
    took = time.perf_counter() - started
    over.set()
    await asyncio.gather(*probing)
    return took


async def stored(http: aiohttp.ClientSession, ids: list[str], database: str | None) -> Counter[int]:
    """How many interactions every customer's counters say, and, with SQL, that the rows agree."""
    found: Counter[int] = Counter()
    if database is None:
        for start in range(0, len(ids), 20):
            answers = await asyncio.gather(*(_profile(http, key) for key in ids[start : start + 20]))
            found.update(dict(enumerate(answers, start)))
        return found
    connection = await asyncpg.connect(database)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        counted = await connection.fetch(
            "SELECT customer_id, sum(n) AS n FROM (SELECT customer_id, interactions AS n FROM customer_activity"
            " UNION ALL SELECT customer_id, count FROM metric_bucket"
            " UNION ALL SELECT customer_id, 1 FROM interaction_news) AS seen"
            " WHERE customer_id = ANY($1) GROUP BY 1",
            ids,
        )
        rows = await connection.fetch(
            "SELECT customer_id, count(*) AS n FROM interaction WHERE occurred_at > now() - interval '2 days'"
            " AND customer_id = ANY($1) GROUP BY 1",
            ids,
        )
    await connection.close()
    counters, totals = (
        {str(row["customer_id"]): int(row["n"]) for row in result} for result in (counted, rows)
    )
    assert counters == totals, "counters and rows disagree"
    place = {key: number for number, key in enumerate(ids)}
    return Counter({place[key]: count for key, count in totals.items() if key in place})


async def _profile(http: aiohttp.ClientSession, customer_id: str) -> int:
    async with http.get(f"/v1/customers/{customer_id}/profile") as answer:
        return int((await answer.json())["activity"]["interactions"])


async def settled_database(database: str | None, ids: list[str]) -> None:
    """Wait until the registrations are published, and everybody was looked at: they are no part of what is measured."""
    if database is None:
        await asyncio.sleep(5)
        return
    connection = await asyncpg.connect(database)
    busy = (
        "SELECT EXISTS (SELECT FROM outbox) OR EXISTS"
        " (SELECT FROM customer LEFT JOIN person_fact ON person_id = id WHERE id = ANY($1) AND evaluated_at IS NULL)"
    )
    while await connection.fetchval(busy, ids):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)
    await connection.close()


async def drained(http: aiohttp.ClientSession, tally: Tally, options: argparse.Namespace) -> Counter[int]:
    """Wait until nothing more arrives."""
    deadline, before = time.perf_counter() + 120, Counter[int]()
    while time.perf_counter() < deadline:
        now = await stored(http, options.ids, options.database)
        if now.total() >= tally.accepted.total() and now == before:
            break
        before = now
        await asyncio.sleep(0.5)
    return before


def report(tally: Tally, found: Counter[int], took: float, settled: float, used: dict[str, float]) -> int:
    lost = sum((tally.accepted - found).values())
    doubled = sum((found - tally.accepted).values())
    unique = tally.accepted.total()
    print(f"sent            {tally.sent:>10,}   ({tally.sent - unique:,} of them a second time)")
    print(f"accepted        {unique:>10,}   refused {tally.refused}, told to come back {tally.retries} times")
    print(f"stored          {found.total():>10,}   lost {lost}, doubled {doubled}")
    print(f"sending         {tally.sent / took:>10,.0f}/s for {took:.1f} s")
    print(f"to commit       {tally.sent / settled:>10,.0f}/s from the first to the last in the database")
    for name, values in (
        ("batch answered", tally.posts),
        ("found by query", tally.probes),
        ("has the tag", tally.tagged),
        ("in the flood", tally.cold + tally.busy),
        ("    at first", tally.cold),
        ("  after that", tally.busy),
        ("told", tally.told_calm),
        ("told of the flood", tally.told_cold + tally.told),
        ("    at first", tally.told_cold),
        ("  after that", tally.told),
    ):
        if len(values) > 1:
            cuts = quantiles(values, n=100, method="inclusive")
            print(
                f"{name:<17}  p50 {cuts[49] * 1000:>7.0f} ms   p99 {cuts[98] * 1000:>7.0f} ms   ({len(values)} samples)"
            )
    if tally.untold:
        print(f"never told {tally.untold:>15,}   not within {PATIENCE} s")
    for name, seconds in (used | {"all": sum(used.values())}).items():
        print(f"CPU {name:<12}{seconds / tally.sent * 1e6:>10.1f} µs per interaction")
    return 0 if lost == doubled == tally.untold == 0 else 1


async def kill(stack: OwnStack, options: argparse.Namespace) -> None:
    """End the worker without warning, again and again while it is busy."""
    for _ in range(options.kills):
        await asyncio.sleep(options.seconds / (options.kills + 1))
        await stack.kill("worker")
        await stack.start("worker")


async def measure(options: argparse.Namespace, stack: Measured) -> int:
    headers = {"authorization": f"Bearer {stack.key}"}
    timeout = aiohttp.ClientTimeout(total=60)
    options.database, options.broker = stack.database, stack.broker
    async with aiohttp.ClientSession(stack.url, headers=headers, timeout=timeout) as http:
        options.ids = await register(http, options.customers)
        await settled_database(options.database, options.ids)
        load, tally = Load(options.customers - PROBED, options.batch, random.Random(options.seed)), Tally()
        before = {name: cpu(pid) for name, pid in stack.processes.items()}
        started = time.perf_counter()
        killing = asyncio.create_task(kill(stack, options)) if isinstance(stack, OwnStack) else None
        took = await drive(http, load, tally, options)
        if killing:
            await killing
        found = await drained(http, tally, options)
        settled = max(took, time.perf_counter() - started - 0.5)
        used = {
            name: cpu(pid) - before[name]
            for name, pid in stack.processes.items()
            if name != "worker" or not options.kills
        }
        return report(tally, found, took, settled, used)


async def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="directory of a running local platform")
    parser.add_argument("--url", help="gateway or profile of a running stack; without it, servers of its own")
    parser.add_argument("--key", help="API key with the scopes of customers, imports and interactions")
    parser.add_argument("--database", help="profile's database, to count rows instead of asking for profiles")
    parser.add_argument("--gateway", action="store_true", help="a gateway before servers of its own")
    parser.add_argument("--past", type=int, default=0, help="interactions that are there already")
    parser.add_argument("--kills", type=int, default=0, help="how often the worker is killed")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument(
        "--rate", type=float, default=0, help="interactions per second; 0 is as fast as it goes"
    )
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.home:
        return await measure(options, local_platform(options.home, "profile"))
    if options.url:
        return await measure(
            options, Measured(options.url, options.key, options.database, {"load": os.getpid()})
        )
    async with own_stack("profile", SCOPES, gateway=options.gateway) as stack:
        if options.past:
            connection = await asyncpg.connect(stack.database)
            await _past.interactions(connection, options.past, days=30, owners=1_000_000)
            await connection.close()
        return await measure(options, stack)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
