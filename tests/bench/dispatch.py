"""Giving the tickets of a long line to people, and how soon a VIP ticket finds somebody.

    python tests/bench/dispatch.py                                  # 20,000 tickets wait for 200 agents, then VIPs
    python tests/bench/dispatch.py --agents 1000 --waiting 100000 --capacity 120
    python tests/bench/dispatch.py --hopeless 20000 --waiting 100      # in a long line of which nobody can take anything

The line is there before the first agent comes to work. Then VIP tickets are opened through the API at a steady rate; how
long one waits is read from its history, which names the instant at which it was looked at. Nobody may have more than
their capacity, nor one ticket be given twice.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import aiohttp
import asyncpg
from _stack import Measured, cpu, own_stack
from _tickets import copy, open_templates
from careloop_common import ids

SCOPES = ("tickets:read", "tickets:write", "tickets:supervise", "policies:write")
REGIONS = ("广东", "北京", "上海", "四川")
RESERVE = 50
"""Room for VIPs beyond everybody's capacity."""


def agents(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(options.agents):
        skills = [{"skill": "fibre", "certificate": 1 + number % 5}]
        about = {"languages": ["zh", "en"], "level": "expert", "capacity": options.capacity}
        regions = [REGIONS[number % len(REGIONS)]]
        yield (
            f"agent-{number:04}",
            {"name": f"Agent {number}", **about, "regions": regions, "certificates": skills},
        )


async def drain(
    http: aiohttp.ClientSession, database: asyncpg.Connection, options: argparse.Namespace
) -> None:
    """Everybody comes to work at once; the line is given to them."""
    for agent_id, body in agents(options):
        async with http.put(f"/v1/agents/{agent_id}", json=body | {"active": False}) as answer:
            assert answer.status == 201, await answer.text()
    await database.execute("VACUUM ANALYZE")
    room = options.agents * options.capacity
    expected = min(options.waiting, room)
    began = time.perf_counter()
    await database.execute("UPDATE agent SET active = true, version = version + 1")
    given = "SELECT count(*) FROM ticket WHERE assignee_id IS NOT NULL"
    while (found := await database.fetchval(given)) < expected:
        assert time.perf_counter() - began < options.patience, f"only {found:,} were given"
        await asyncio.sleep(0.1)
    took = time.perf_counter() - began
    print(f"given           {found / took:>10,.0f}/s   {found:,} of {options.waiting:,} in {took:.1f} s")


async def arrivals(
    http: aiohttp.ClientSession, database: asyncpg.Connection, options: argparse.Namespace
) -> None:
    """VIP customers call at a steady rate, while whatever else waits goes on waiting."""
    customer = ids.new_id()
    await database.execute(
        "INSERT INTO customer (id, version, source, status, region, vip, automated_decisions, updated_at)"
        " VALUES ($1, 1, 'bench', 'active', '广东', true, true, now())",
        customer,
    )
    body = {"channel": "hotline", "subject": "贵宾来电", "customer_id": str(customer), "language": "zh"}

    async def call() -> None:
        async with http.post("/v1/tickets", json=body) as answer:
            assert answer.status == 201, await answer.text()

    began, calls = time.perf_counter(), []
    for number in count():
        at = began + number / options.rate
        if at - began >= options.seconds:
            break
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        calls.append(asyncio.create_task(call()))
    await asyncio.gather(*calls)
    waited = (
        "SELECT count(*) AS opened, count(g.at) AS given, percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP"
        " (ORDER BY extract(epoch FROM g.at - t.opened_at)) AS p, max(extract(epoch FROM g.at - t.opened_at)) AS max"
        " FROM ticket AS t LEFT JOIN ticket_history AS g ON g.ticket_id = t.id AND g.fact = 'assigned' WHERE t.vip"
    )
    until = time.perf_counter() + 10
    while (row := await database.fetchrow(waited))["given"] < row["opened"]:
        assert time.perf_counter() < until, f"{row['opened'] - row['given']} VIP tickets found nobody"
        await asyncio.sleep(0.1)
    p50, p99 = row["p"]
    print(
        f"VIP waits       p50 {p50 * 1e3:,.0f} ms   p99 {p99 * 1e3:,.0f} ms   max {float(row['max']) * 1e3:,.0f} ms"
        f"   {row['opened']:,} at {options.rate}/s"
    )


async def judge(database: asyncpg.Connection, options: argparse.Namespace) -> int:
    """1 if somebody has more than they can, or a ticket was given twice."""
    loads = await database.fetch(
        "SELECT a.id, count(t.id) FILTER (WHERE NOT t.vip) AS plain, count(t.id) AS all FROM agent AS a"
        " LEFT JOIN ticket AS t ON t.assignee_id = a.id AND t.status IN ('classified', 'handling') GROUP BY a.id"
    )
    over = sum(row["plain"] > options.capacity or row["all"] > options.capacity + RESERVE for row in loads)
    twice = await database.fetchval(
        "SELECT count(*) FROM (SELECT FROM ticket_history WHERE fact = 'assigned' GROUP BY ticket_id HAVING count(*) > 1)"
        " AS twice"
    )
    plain = [row["plain"] for row in loads]
    print(f"over capacity   {over:>10}   given twice {twice}")
    print(f"in hand         {min(plain):>10} to {max(plain)} of {options.capacity}, VIPs not counted")
    return int(bool(over or twice))


async def routed(http: aiohttp.ClientSession) -> None:
    rules = [{"name": "vip", "when": "vip", "green_lane": True}, {"name": "all", "region": "any"}]
    body = {"name": "Bench", "reserve": RESERVE, "rules": rules}
    async with http.put("/v1/routing-policies", json=body) as answer:
        assert answer.status == 201, await answer.text()


async def bench(http: aiohttp.ClientSession, stack: Measured, options: argparse.Namespace) -> int:
    database = await asyncpg.connect(stack.database)
    try:
        await routed(http)
        templates = await open_templates(http)
        if options.hopeless:
            await copy(database, templates, options.hopeless, later=timedelta())
            await database.execute("UPDATE ticket SET language = 'fr' WHERE id <> ALL($1)", templates)
        if options.waiting > len(templates):
            await copy(database, templates, options.waiting - len(templates), later=timedelta())
        before = {name: cpu(pid) for name, pid in stack.processes.items()}
        await drain(http, database, options)
        for name, pid in stack.processes.items():
            spent = (cpu(pid) - before[name]) / max(options.waiting, 1) * 1e6
            print(f"CPU {name:<12}{spent:>10.1f} µs per ticket")
        before = {name: cpu(pid) for name, pid in stack.processes.items()}
        began = time.perf_counter()
        await arrivals(http, database, options)
        took = time.perf_counter() - began
        for name in ("PostgreSQL", "worker"):
            share = (cpu(stack.processes[name]) - before[name]) / took
            print(f"CPU {name:<12}{share:>10.0%} of a core meanwhile")
        return await judge(database, options)
    finally:
        await database.close()


async def measure(options: argparse.Namespace) -> int:
    async with own_stack("ticketing", SCOPES) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            return await bench(http, stack, options)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--capacity", type=int, default=110)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--hopeless", type=int, default=0, help="tickets in a language that nobody speaks")
    parser.add_argument("--rate", type=int, default=10, help="VIP tickets a second")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--patience", type=int, default=60, help="seconds in which the line has to be given")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
