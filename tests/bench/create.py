"""Opening tickets among many, and many acts on one ticket at once.

    python tests/bench/create.py                               # a million tickets are there already
    python tests/bench/create.py --tickets 0 --creates 2000

Tickets are opened through the API over so many connections, each with a text of its own; then 50 acts with the same
If-Match come for one ticket, of which one may win.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections import Counter

import aiohttp
import asyncpg
from _stack import Measured, Meter, own_stack
from search import seed, texts

SCOPES = ("tickets:read", "tickets:write", "tickets:supervise")
ACTS = 50


async def creates(http: aiohttp.ClientSession, stack: Measured, count: int, connections: int) -> None:
    bodies = iter([{"channel": "web", "subject": text[:12], "description": text} for text in texts(count, 8)])
    took: list[float] = []

    async def client() -> None:
        for body in bodies:
            began = time.perf_counter()
            async with http.post("/v1/tickets", json=body) as answer:
                await answer.read()
                assert answer.status == 201, await answer.text()
            took.append((time.perf_counter() - began) * 1e3)

    meter = Meter(stack)
    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    seconds = time.perf_counter() - began
    took.sort()
    p95, p99 = (took[int(share * len(took))] for share in (0.95, 0.99))
    print(
        f"opened          {count / seconds:>8,.0f}/s   p50 {statistics.median(took):.1f} ms   p95 {p95:.1f} ms   p99 {p99:.1f} ms"
    )
    meter.tell(count, "ticket")


async def contend(http: aiohttp.ClientSession) -> int:
    """Many write with the version that all of them saw; 0 if exactly one of them wins."""
    body = {"channel": "web", "subject": "Who is faster"}
    async with http.post("/v1/tickets", json=body) as answer:
        ticket, seen = await answer.json(), answer.headers["etag"]
    url = f"/v1/tickets/{ticket['id']}/assign"

    async def act(number: int) -> int:
        headers = {"if-match": seen}
        async with http.post(url, json={"assignee_id": f"agent-{number}"}, headers=headers) as answer:
            return answer.status

    began = time.perf_counter()
    statuses = Counter(await asyncio.gather(*map(act, range(ACTS))))
    took = time.perf_counter() - began
    print(f"{ACTS} acts at once in {took * 1e3:.0f} ms: {dict(statuses)}")
    return int(statuses != {200: 1, 412: ACTS - 1})


async def measure(options: argparse.Namespace) -> int:
    async with own_stack("ticketing", SCOPES) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        connector = aiohttp.TCPConnector(limit=ACTS)
        async with aiohttp.ClientSession(stack.url, headers=headers, connector=connector) as http:
            database = await asyncpg.connect(stack.database)
            try:
                await seed(database, http, options.tickets)
            finally:
                await database.close()
            await creates(http, stack, 200, options.connections)
            for _ in itertools.repeat(None, options.runs):
                await creates(http, stack, options.creates, options.connections)
            return await contend(http)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--creates", type=int, default=6_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--runs", type=int, default=2)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
