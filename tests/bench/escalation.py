"""Escalation steps under load: how late, how many a second, and whether any is lost or doubled.

    python tests/bench/escalation.py storm --due 100000                    # all due in the same instant
    python tests/bench/escalation.py storm --due 100000 --open 1000000     # with a million more waiting
    python tests/bench/escalation.py steady --open 100000 --rate 50 --seconds 60
    python tests/bench/escalation.py outage --due 50000 --hours 6          # the worker was away

Tickets are opened through the API and copied in the database; every due step must leave one escalation, one history
entry and its events, at the instant at which it was due by its clock.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import aiohttp
import asyncpg
from _stack import Measured, cpu, own_stack
from _tickets import copy, first_due, open_templates
from careloop_common import clock

SCOPES = ("tickets:read", "tickets:write")
FAR = timedelta(days=30)
"""Where those that only wait are due."""


@dataclass(frozen=True, slots=True)
class Bench:
    options: argparse.Namespace
    stack: Measured
    database: asyncpg.Connection
    templates: list[UUID]

    async def due(self, at: datetime, count: int, over: timedelta = timedelta()) -> None:
        """Copy so many tickets that their first step is due at exactly that instant, or over some time from then on."""
        share, rest = divmod(count, len(self.templates))
        for number, template in enumerate(self.templates):
            later = at - await first_due(self.database, template)
            await copy(self.database, [template], share + (number < rest), later=later, over=over)


async def storm(bench: Bench) -> int:
    """Everything is due at once."""
    options, database = bench.options, bench.database
    at = clock.now() + timedelta(seconds=15 + options.due / 4_000)
    await bench.due(at, options.due)
    print(
        f"{options.due:,} tickets are due at {at:%H:%M:%S}, {(at - clock.now()).total_seconds():.0f} s from now"
    )
    await database.execute("VACUUM ANALYZE timer, sla_clock, sla_interval, ticket")
    assert clock.now() < at, "seeding took longer than planned"
    before = _used(bench)
    await _until(at)
    began = time.perf_counter()
    while await database.fetchval("SELECT EXISTS (SELECT FROM timer WHERE due_at <= $1)", at):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    took = time.perf_counter() - began
    print(f"fired           {options.due / took:>10,.0f}/s   all of them {took:.1f} s after they were due")
    _tell_used(bench, before, options.due)
    return await _judge(database, options.due, since=at - timedelta(seconds=1), expected=options.due)


async def steady(bench: Bench) -> int:
    """So many a second, for a while."""
    options, database = bench.options, bench.database
    count = options.seconds * options.rate
    at = clock.now() + timedelta(seconds=15 + count / 2_000)
    await bench.due(at, count, over=timedelta(seconds=options.seconds))
    assert clock.now() < at, "seeding took longer than planned"
    before = _used(bench)
    await _until(at + timedelta(seconds=options.seconds + 3))
    _tell_used(bench, before, count)
    return await _judge(database, count, since=at - timedelta(seconds=1), expected=count)


async def outage(bench: Bench) -> int:
    """What fell due while no worker ran is caught up, in order."""
    options, database = bench.options, bench.database
    await bench.due(clock.now() - timedelta(hours=options.hours), options.due)
    began = time.perf_counter()
    while await database.fetchval("SELECT EXISTS (SELECT FROM timer WHERE due_at <= now())"):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    took = time.perf_counter() - began
    steps = await database.fetchval("SELECT count(*) FROM escalation")
    print(
        f"caught up       {steps / took:>10,.0f} steps/s   {steps:,} steps of {options.due:,} tickets in {took:.1f} s"
    )
    wrong = await database.fetchval(
        "SELECT count(*) FROM (SELECT due_at < lag(due_at) OVER (PARTITION BY ticket_id, clock ORDER BY id) AS back"
        " FROM escalation) AS e WHERE back"
    )
    print(f"out of order    {wrong:>10}")
    return int(bool(wrong))


async def _judge(database: asyncpg.Connection, count: int, *, since: datetime, expected: int) -> int:
    """Count the effects; 1 if any is missing, doubled, or at another time than it was due."""
    rows = "FROM escalation WHERE due_at >= $1"
    taken = await database.fetchval(f"SELECT count(*) {rows}", since)
    distinct = await database.fetchval(f"SELECT count(DISTINCT (ticket_id, clock, step)) {rows}", since)
    history = await database.fetchval(
        "SELECT count(*) FROM ticket_history WHERE fact IN ('escalated', 'sla_breached') AND at >= $1", since
    )
    late = await database.fetchrow(
        "SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM escalated_at - due_at)) AS p,"
        f" max(extract(epoch FROM escalated_at - due_at)) AS max {rows}",
        since,
    )
    p50, p99 = late["p"] or (0, 0)
    print(f"steps           {taken:>10,}   lost {expected - distinct}, doubled {taken - distinct}")
    print(f"in histories    {history:>10,}")
    print(
        f"lateness        p50 {p50 * 1000:,.0f} ms   p99 {p99 * 1000:,.0f} ms   max {float(late['max'] or 0) * 1000:,.0f} ms"
    )
    return int(not taken == distinct == history == expected)


def _used(bench: Bench) -> dict[str, float]:
    return {name: cpu(pid) for name, pid in bench.stack.processes.items()}


def _tell_used(bench: Bench, before: dict[str, float], count: int) -> None:
    for name, seconds in _used(bench).items():
        print(f"CPU {name:<12}{(seconds - before[name]) / count * 1e6:>10.1f} µs per timer")


async def _until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - clock.now()).total_seconds()))


async def measure(options: argparse.Namespace) -> int:
    async with own_stack("ticketing", SCOPES) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            templates = await open_templates(http)
        database = await asyncpg.connect(stack.database)
        try:
            if options.open:
                began = time.perf_counter()
                await copy(database, templates, options.open, later=FAR)
                await database.execute("VACUUM ANALYZE")
                print(f"{options.open:,} tickets wait, seeded in {time.perf_counter() - began:.0f} s")
            status: int = await MODES[options.mode](Bench(options, stack, database, templates))
            return status
        finally:
            await database.close()


MODES = {"storm": storm, "steady": steady, "outage": outage}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=MODES, nargs="?", default="storm")
    parser.add_argument(
        "--due", type=int, default=100_000, help="tickets with a step due at the same instant"
    )
    parser.add_argument("--open", type=int, default=0, help="tickets that only wait")
    parser.add_argument("--rate", type=int, default=50, help="steps due per second, of a steady load")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--hours", type=float, default=6)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
