"""A change of terms on its way through everything that runs, while other clocks fall due.

    python tests/bench/recalculation.py policy --tickets 1000000      # another target for every clock
    python tests/bench/recalculation.py calendar --tickets 1000000    # a holiday more for every clock

Every ticket has a clock that moves. Meanwhile so many other steps a second fall due, and must not be late. Afterwards
every clock has to count by the new terms, be told of once, and have its timer.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
from _stack import Meter, OwnStack, own_stack
from _tickets import copy, fall_due, open_templates, tell_lateness
from careloop_common import clock
from careloop_ticketing import defaults

SCOPES = ("tickets:read", "tickets:write", "policies:write")
FAR = timedelta(days=3)
"""When those were opened that only wait; none of their steps is due before they are done with."""
MINUTES = 10
LATENESS_SECONDS = 2.0
SHOP = {
    "name": "Shop",
    "zone": "Asia/Shanghai",
    "hours": {
        day: ["09:00-12:00", "13:30-18:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    },
}


def terms(**resolution: Any) -> dict[str, Any]:
    """The shipped policy with other terms for the resolution."""
    document = defaults.sla_policy()
    document["clocks"]["resolution"] |= resolution
    return document


async def put(http: aiohttp.ClientSession, path: str, document: dict[str, Any]) -> int:
    async with http.put(path, json=document) as answer:
        assert answer.status == 201, await answer.text()
        version: int = (await answer.json())["version"]
    return version


async def change_policy(http: aiohttp.ClientSession) -> None:
    version = await put(http, "/v1/sla-policies", terms(targets=[{"seconds": 200_000}]))
    async with http.post("/v1/sla-recalculations", json={"version": version}) as answer:
        assert answer.status == 202, await answer.text()


async def change_calendar(http: aiohttp.ClientSession) -> None:
    days = [clock.now() + (FAR + timedelta(days=day)) for day in range(4)]
    holidays = [{"date": f"{day:%Y-%m-%d}", "kind": "off"} for day in days]
    await put(http, "/v1/calendars/shop", SHOP | {"exceptions": holidays})


CHANGES = {"policy": change_policy, "calendar": change_calendar}


async def seed(
    options: argparse.Namespace, http: aiohttp.ClientSession, database: asyncpg.Connection
) -> None:
    """Tickets that wait, and others whose first step is due at some time of the next minutes."""
    await put(http, "/v1/calendars/shop", SHOP)
    usual = (
        terms(calendar="shop", targets=[{"seconds": 100_000}]) if options.change == "calendar" else terms()
    )
    await put(http, "/v1/sla-policies", usual)
    templates, began = await open_templates(http), time.perf_counter()
    await copy(database, templates, options.tickets, later=FAR)
    over = timedelta(minutes=options.minutes)
    at = clock.now() + timedelta(seconds=20 + options.tickets / 20_000)
    await fall_due(database, templates, at, int(options.rate * over.total_seconds()), over)
    await database.execute("VACUUM ANALYZE")
    print(f"{options.tickets:,} tickets wait, seeded in {time.perf_counter() - began:.0f} s")
    await asyncio.sleep(max(0.0, (at - clock.now()).total_seconds()))


async def done(http: aiohttp.ClientSession) -> dict[str, Any]:
    while True:
        async with http.get("/v1/sla-recalculations") as answer:
            items = (await answer.json())["items"]
        if items and items[0]["state"] == "done":
            found: dict[str, Any] = items[0]
            return found
        await asyncio.sleep(0.5)


async def judge(database: asyncpg.Connection, cause: str) -> int:
    """Count what should not be: clocks under old terms, without their timer, or not told of exactly once."""
    old = {
        "policy": "policy_version < (SELECT max(version) FROM sla_policy)",
        "calendar": "calendar_version < (SELECT version FROM calendar WHERE code = 'shop')",
    }[cause]
    wrong = {
        "under the old terms": f"SELECT 1 FROM sla_clock WHERE state <> 'stopped' AND {old}",
        "without its timer": "SELECT 1 FROM sla_clock c WHERE next_at IS NOT NULL AND NOT EXISTS (SELECT FROM timer t"
        " WHERE t.kind = 'sla' AND t.owner_id = c.subject_id AND t.step = c.name AND t.generation = c.generation)",
        "not told of once": "SELECT t.id FROM ticket t LEFT JOIN ticket_history h ON h.ticket_id = t.id"
        " AND h.fact = 'recalculated' GROUP BY t.id HAVING count(h.seq) <> 1",
    }
    found = 0
    for words, query in wrong.items():
        count = await database.fetchval(f"SELECT count(*) FROM ({query}) AS wrong")
        print(f"{words:<20}{count:>12,}")
        found += count
    return found


async def measure(options: argparse.Namespace) -> int:
    async with stack_with_tickets(options) as (stack, http, database):
        clocks = await database.fetchval("SELECT count(*) FROM sla_clock WHERE state <> 'stopped'")
        meter, since, began = Meter(stack), clock.now(), time.perf_counter()
        await CHANGES[options.change](http)
        row = await done(http)
        took, until = time.perf_counter() - began, clock.now()
        print(
            f"recalculated    {row['examined']:>12,} tickets, {row['moved']:,} clocks moved of {clocks:,} that run"
            f" in {took / 60:.2f} min: {row['moved'] / took:,.0f} moved/s"
        )
        meter.tell(row["moved"], "moved clock")
        p99 = await tell_lateness(database, since, until)
        await tell_published(database, since)
        wrong = await judge(database, options.change)
    return int(bool(wrong) or p99 > LATENESS_SECONDS or took > MINUTES * 60)


async def tell_published(database: asyncpg.Connection, since: datetime) -> None:
    """How long events waited to be published; what is told of breaches waits in the same line."""
    left, began = await database.fetchval("SELECT count(*) FROM outbox"), time.perf_counter()
    while await database.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    took = time.perf_counter() - began
    waited = await database.fetchrow(
        "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)) AS p"
        " FROM outbox_sent WHERE created_at >= $1 AND subject NOT LIKE '%.sla_recalculated'",
        since,
    )
    p50, p99, most = waited["p"]
    print(f"left to publish {left:>12,} events, {left / took:,.0f}/s then")
    print(f"escalations     published after p50 {p50:.2f} s   p99 {p99:.2f} s   max {most:.2f} s")


@asynccontextmanager
async def stack_with_tickets(
    options: argparse.Namespace,
) -> AsyncIterator[tuple[OwnStack, aiohttp.ClientSession, asyncpg.Connection]]:
    async with own_stack("ticketing", SCOPES, commands=("api", "worker", "background")) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            database = await asyncpg.connect(stack.database)
            try:
                await seed(options, http, database)
                yield stack, http, database
            finally:
                await database.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("change", choices=CHANGES, nargs="?", default="policy")
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=50, help="other steps that fall due per second")
    parser.add_argument("--minutes", type=float, default=12, help="for how long they do")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
