"""Bulk jobs over many tickets, and what people notice of them.

    python tests/bench/bulk.py --tickets 10000

Tickets are opened and read through the API at so many requests a second, alone and beside each job: the load is the same,
whatever the answers take, and by default the service runs as `make up` starts it. The jobs assign some of the tickets there
are, undo that, and classify them (which moves their clocks and tells others). What is compared are the figures of the same
requests during a job and right before and after it, so that an hour in which the machine gets slower or faster counts on
neither side. The limit is of all requests together; each kind of them is told beside it.
"""

import argparse
import asyncio
import itertools
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from _stack import Measured, cpu, own_stack
from _tickets import copy, open_templates

SCOPES = ("tickets:read", "tickets:write", "tickets:supervise")
BODY = {"channel": "web", "subject": "网速很慢", "description": "晚上八点以后网页打不开,已经重启过光猫"}
LONGEST, WORST = 60, 1.2
"""What a job may take, and by what the p95 of others may rise meanwhile."""
TOLERATED = 0.1
"""Of the machine, for processes that are none of ours."""
ENOUGH = 100
"""Answers of a kind without which nothing is said about a p95."""
RESULTS = ("changed", "no_effect", "impossible", "not_done")


def others(stack: Measured) -> float:
    """Seconds of processor time that processes used which are none of ours."""
    used = sum(int(value) for value in Path("/proc/stat").read_text().split()[1:4])
    return used / os.sysconf("SC_CLK_TCK") - sum(cpu(pid) for pid in stack.processes.values())


async def alone_here(stack: Measured, patience: float) -> None:
    """Wait until nobody else has been at work for a moment, but no longer than that."""
    calm, until = 0, time.perf_counter() + patience
    while calm < 3 and time.perf_counter() < until:
        before = others(stack)
        await asyncio.sleep(1)
        calm = calm + 1 if others(stack) - before < TOLERATED * (os.cpu_count() or 1) else 0


@dataclass
class Load:
    """Requests at their times, however long the answers to earlier ones take."""

    stack: Measured
    http: aiohttp.ClientSession
    tickets: Sequence[str]
    rate: float
    took: dict[str, list[float]] = field(default_factory=lambda: {"create": [], "read": []})
    _second: dict[str, list[float]] = field(default_factory=lambda: {"create": [], "read": []})
    disturbed: int = 0
    """Answers that came in seconds in which others used much of the machine: they do not count."""

    def of(self, name: str) -> list[float]:
        """What requests of this kind took, or `all`."""
        return [*itertools.chain(*self.took.values())] if name == "all" else self.took[name]

    async def during(self, work: Awaitable[Any]) -> None:
        """Send until the work is done."""
        done, sent = asyncio.ensure_future(work), set[asyncio.Task[None]]()
        sifting = asyncio.create_task(self._sift())
        began, number = time.perf_counter(), 0
        while not done.done():
            number += 1
            # One in three opens a ticket; the others look at one.
            send = (
                self._timed("create", "POST", "/v1/tickets", json=BODY) if number % 3 == 0 else self._read()
            )
            sent.add(task := asyncio.create_task(send))
            task.add_done_callback(sent.discard)
            await asyncio.sleep(max(0.0, began + number / self.rate - time.perf_counter()))
        await asyncio.gather(done, *sent)
        sifting.cancel()

    async def _sift(self) -> None:
        """Every second, keep what was measured in it if nobody else was at work."""
        while True:
            began, before = time.perf_counter(), others(self.stack)
            await asyncio.sleep(1)
            share = (others(self.stack) - before) / (time.perf_counter() - began) / (os.cpu_count() or 1)
            for name, took in self._second.items():
                if share < TOLERATED:
                    self.took[name] += took
                else:
                    self.disturbed += len(took)
                took.clear()

    async def _read(self) -> None:
        await self._timed("read", "GET", f"/v1/tickets/{random.choice(self.tickets)}")

    async def _timed(self, name: str, method: str, url: str, **given: Any) -> None:
        began = time.perf_counter()
        async with self.http.request(method, url, **given) as answer:
            await answer.read()
            assert answer.ok, await answer.text()
        self._second[name].append((time.perf_counter() - began) * 1e3)


def figures(took: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(took)
    return statistics.median(ordered), *(ordered[int(share * len(ordered))] for share in (0.95, 0.99))  # type: ignore[return-value]


async def job(http: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job and wait until it is done."""
    began = time.perf_counter()
    async with http.post(url, json=body) as answer:
        found = await answer.json()
        assert answer.status == 202, found
    asked = time.perf_counter() - began
    while found["state"] in {"queued", "running"}:
        await asyncio.sleep(2)
        async with http.get(f"/v1/bulk-jobs/{found['id']}") as answer:
            found = await answer.json()
    took = time.perf_counter() - began
    counts = ", ".join(f"{found['counts'][name]:,} {name}" for name in RESULTS if found["counts"][name])
    kind = " (dry run)" if found["dry_run"] else ""
    print(f"\n{found['act'] + kind:<20}{took:>8.1f} s   asked in {asked * 1e3:.0f} ms   {counts}")
    return found | {"seconds": took}


async def results(http: aiohttp.ClientSession, found: dict[str, Any]) -> int:
    """How many items have a result of their own."""
    count, cursor = 0, None
    while True:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        async with http.get(f"/v1/bulk-jobs/{found['id']}/items", params=params) as answer:
            page = await answer.json()
        count += sum(item["result"] != "pending" for item in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return count


def compare(alone: Load, beside: Load, after: Load) -> float:
    """Figures without the job and beside it, of all requests and of each kind; the ratio of the p95 of all."""
    ratios = {}
    for name in ("all", *alone.took):
        before, meanwhile = alone.of(name) + after.of(name), beside.of(name)
        if min(len(before), len(meanwhile)) < ENOUGH:
            print(f"  {name:<8}{len(before):>6} + {len(meanwhile):<6}too few to compare")
            continue
        old, new = figures(before), figures(meanwhile)
        pairs = (
            f"{label} {a:>6.1f} → {b:>6.1f} ms ({b / a:.2f})"
            for label, a, b in zip(("p50", "p95", "p99"), old, new, strict=True)
        )
        print(f"  {name:<8}{len(before):>6} + {len(meanwhile):<6}{'   '.join(pairs)}")
        ratios[name] = new[1] / old[1]
    if disturbed := sum(one.disturbed for one in (alone, beside, after)):
        print(f"  not counted {disturbed}: others were at work")
    return ratios.get("all", math.inf)


async def measure(options: argparse.Namespace) -> int:
    async with own_stack("ticketing", SCOPES, commands=options.commands) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            database = await asyncpg.connect(stack.database)
            try:
                templates = await open_templates(http)
                await copy(database, templates, options.among, later=timedelta())
                await database.execute("VACUUM ANALYZE")
                rows = await database.fetch(
                    "SELECT id FROM ticket WHERE number LIKE 'C-bench-%' ORDER BY random() LIMIT $1",
                    options.tickets,
                )
            finally:
                await database.close()
            return await _run(options, stack, http, [str(row["id"]) for row in rows])


async def _run(
    options: argparse.Namespace, stack: Measured, http: aiohttp.ClientSession, tickets: list[str]
) -> int:
    def load() -> Load:
        return Load(stack, http, tickets, options.rate)

    async def quiet() -> Load:
        alone = load()
        await alone_here(stack, options.patience)
        await alone.during(asyncio.sleep(options.seconds))
        return alone

    await load().during(asyncio.sleep(5))
    alone = await quiet()
    assign = {"act": "assign", "arguments": {"assignee_id": "agent-7"}, "over": {"tickets": tickets}}
    classify = {"act": "classify", "arguments": {"tier": "advanced"}, "over": {"tickets": tickets}}
    late, found = 0, {"id": ""}
    ratios: list[float] = []
    for what in (assign | {"dry_run": True}, assign, None, classify):
        beside = load()
        before = {name: cpu(pid) for name, pid in stack.processes.items()}
        url = "/v1/bulk-jobs" if what else f"/v1/bulk-jobs/{found['id']}/undo"
        # The last job is the one that is undone.
        working = asyncio.create_task(job(http, url, what or {}))
        await beside.during(working)
        found = working.result()
        used = (f"{name} {cpu(pid) - before[name]:.1f} s" for name, pid in stack.processes.items())
        print(f"  CPU     {', '.join(used)}")
        after = await quiet()
        ratios.append(compare(alone, beside, after))
        alone = after
        assert await results(http, found) == len(tickets)
        late += found["seconds"] > LONGEST
    worst = max(ratios)
    print(f"\nworst of {len(ratios)} ratios of the p95 of all: {worst:.2f}; jobs over {LONGEST} s: {late}")
    return int(bool(late) or worst > WORST)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--among", type=int, default=100_000, help="tickets that there are")
    parser.add_argument("--rate", type=float, default=45, help="requests a second")
    parser.add_argument(
        "--seconds", type=float, default=40, help="how long the load runs alone before each job"
    )
    parser.add_argument(
        "--commands",
        nargs="+",
        default=["all", "background"],
        help="the processes that there are: api worker …",
    )
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for others to be done")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
