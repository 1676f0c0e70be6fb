"""Escalation steps under load: how late, how many a second, and whether any is lost or doubled.

    python tests/bench/escalation.py storm --due 100000                    # all due in the same instant
    python tests/bench/escalation.py storm --due 100000 --workers 2        # by two processes
    python tests/bench/escalation.py storm --due 100000 --open 1000000     # with a million more waiting
    python tests/bench/escalation.py steady --open 100000 --rate 50 --seconds 60
    python tests/bench/escalation.py outage --due 50000 --hours 6          # the worker was away
    python tests/bench/escalation.py short --due 200                       # clocks of 15 s and 30 s

Tickets are opened through the API and copied in the database; every due step must leave one escalation, one history
entry and its events, at the instant at which it was due by its clock.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import nats
from _stack import Meter, OwnStack, own_stack
from _tickets import copy, fall_due, open_templates, tell_lateness
from careloop_common import clock
from careloop_contracts import TicketSlaBreachedV1
from careloop_ticketing import defaults
from nats.aio.msg import Msg

SCOPES = ("tickets:read", "tickets:write", "policies:write")
FAR = timedelta(days=30)
"""Where those that only wait are due."""
IDLE_SECONDS = 10
CATCH_UP_SECONDS = 30
SHORT = {"pick_up": 15, "online_answer": 30}
"""Clocks and their seconds: a VIP customer is picked up, one who writes online is answered."""
BREACH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Bench:
    options: argparse.Namespace
    stack: OwnStack
    http: aiohttp.ClientSession
    database: asyncpg.Connection
    templates: list[UUID]

    async def fall_due(self, at: datetime, count: int, over: timedelta = timedelta()) -> None:
        await fall_due(self.database, self.templates, at, count, over)
        assert clock.now() < at, "seeding took longer than planned"

    async def fired(self, until: datetime | None = None) -> None:
        """Wait until nothing is left that was due by then, or by now: where two workers have timers of one ticket, these
        fire again in a moment."""
        left = (
            "SELECT EXISTS (SELECT FROM timer WHERE status = 'armed' AND kind = 'sla'"
            " AND available_at <= coalesce($1::timestamptz, now() + interval '100 ms'))"
        )
        while await self.database.fetchval(left, until):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def storm(bench: Bench) -> int:
    """Everything is due at once."""
    options, database = bench.options, bench.database
    at = clock.now() + timedelta(seconds=15 + options.due / 4_000)
    await bench.fall_due(at, options.due)
    print(
        f"{options.due:,} tickets are due at {at:%H:%M:%S}, {(at - clock.now()).total_seconds():.0f} s from now"
    )
    await database.execute("VACUUM ANALYZE timer, sla_clock, sla_interval, ticket")
    await _until(at)
    meter, began = Meter(bench.stack), time.perf_counter()
    await bench.fired(at)
    took = time.perf_counter() - began
    print(f"fired           {options.due / took:>10,.0f}/s   all of them {took:.1f} s after they were due")
    meter.tell(options.due, "timer")
    return await _judge(database, options.due, since=at - timedelta(seconds=1))


async def steady(bench: Bench) -> int:
    """So many a second, for a while; and before, what it costs to wait."""
    options = bench.options
    armed = await bench.database.fetchval("SELECT count(*) FROM timer WHERE kind = 'sla'")
    meter = Meter(bench.stack)
    await asyncio.sleep(IDLE_SECONDS)
    print(f"{armed:,} timers are armed, and none is due for {IDLE_SECONDS} s:")
    meter.tell(IDLE_SECONDS, "second")
    count = options.seconds * options.rate
    at = clock.now() + timedelta(seconds=15 + count / 2_000)
    await bench.fall_due(at, count, over=timedelta(seconds=options.seconds))
    meter = Meter(bench.stack)
    await _until(at + timedelta(seconds=options.seconds + 3))
    meter.tell(count, "timer")
    return await _judge(bench.database, count, since=at - timedelta(seconds=1))


async def outage(bench: Bench) -> int:
    """What fell due over hours in which no worker ran is caught up in order, and each person is told once."""
    options, database = bench.options, bench.database
    for worker in bench.stack.workers:
        await bench.stack.kill(worker)
    overdue = [clock.now() - timedelta(hours=hours) for hours in (options.hours, options.hours / 3)]
    await fall_due(database, bench.templates, overdue[0], options.due, over=overdue[1] - overdue[0])
    await database.execute("VACUUM ANALYZE timer, sla_clock, sla_interval, ticket")
    began = time.perf_counter()
    for worker in bench.stack.workers:
        await bench.stack.start(worker)
    await bench.fired()
    took = time.perf_counter() - began
    levels = await database.fetch(
        "SELECT told, count(*) FROM escalation GROUP BY told ORDER BY count(*) DESC"
    )
    steps = sum(row["count"] for row in levels)
    print(
        f"caught up       {steps / took:>10,.0f} steps/s   {steps:,} steps of {options.due:,} tickets in {took:.1f} s,"
        " the start included"
    )
    print("told            " + ", ".join(f"{row['told']} {row['count']:,}" for row in levels))
    wrong = 0
    for words, query in WRONG_AFTER_OUTAGE.items():
        count = await database.fetchval(f"SELECT count(*) FROM ({query}) AS wrong")
        print(f"{words:<36}{count:>8,}")
        wrong += count
    return int(bool(wrong) or took > CATCH_UP_SECONDS or steps != 6 * options.due)


WRONG_AFTER_OUTAGE = {
    "out of the order of their due times": "SELECT FROM (SELECT due_at < lag(due_at) OVER (PARTITION BY ticket_id"
    " ORDER BY id) AS back FROM escalation) AS e WHERE back",
    "breached at another time than due": "SELECT FROM escalation e JOIN sla_clock c ON c.subject_id = e.ticket_id"
    " AND c.name = e.clock WHERE e.is_breach AND (c.breached_at, e.due_at) <> (c.due_at, c.due_at)",
    "told more than once, of all people": "SELECT FROM escalation WHERE notice GROUP BY ticket_id, told"
    " HAVING count(*) > 1",
    "lost": "SELECT FROM timer WHERE kind = 'sla' AND due_at < now()",
    "doubled": "SELECT FROM escalation GROUP BY ticket_id, clock, step HAVING count(*) > 1",
}


async def short(bench: Bench) -> int:
    """The breaches of clocks of 15 and 30 seconds: how soon after they were due they are in the stream."""
    heard: dict[tuple[UUID, str], float] = {}
    opened: set[UUID] = set()
    broker = await nats.connect(bench.stack.broker)

    async def hear(message: Msg) -> None:
        event = TicketSlaBreachedV1.model_validate_json(message.data)
        heard[event.ticket_id, event.clock] = (clock.now() - event.due_at).total_seconds()
        await message.ack()

    await broker.jetstream().subscribe("care.v1.ticket.*.sla_breached", cb=hear)
    for number in range(bench.options.due):
        body = {"channel": "web", "subject": f"没有人接 {number}"}
        async with bench.http.post("/v1/tickets", json=body) as answer:
            assert answer.status == 201, await answer.text()
            opened.add(UUID((await answer.json())["id"]))
        await asyncio.sleep(1 / bench.options.rate)
    await asyncio.sleep(max(SHORT.values()) + 3)
    await broker.close()
    late = sorted(seconds for (ticket_id, _), seconds in heard.items() if ticket_id in opened)
    expected = len(SHORT) * len(opened)
    print(f"breaches        {len(late):>10,} of {expected:,} in the stream")
    print(f"after due       p50 {late[len(late) // 2] * 1e3:,.0f} ms   max {late[-1] * 1e3:,.0f} ms")
    return int(len(late) != expected or late[-1] > BREACH_SECONDS)


def terms(mode: str) -> dict[str, Any]:
    """The policy for a mode: the shipped one, and what the mode is about."""
    document = defaults.sla_policy()
    if mode == "short":
        for name, seconds in SHORT.items():
            document["clocks"][name] = document["clocks"]["first_response"] | {
                "targets": [{"seconds": seconds}]
            }
    if mode == "steady":
        # Three timers a ticket.
        loop = {"stop": ["archived"], "targets": [{"seconds": 72 * 3600}]}
        document["clocks"]["closed_loop"] = document["clocks"]["resolution"] | loop
    if mode == "outage":
        # Two clocks of which both tell the manager, and three levels of people.
        document["clocks"]["resolution"] |= {
            "targets": [{"seconds": 3600}],
            "ladders": [{"ladder": "levels"}],
        }
        document["ladders"]["levels"] = [
            {"name": name, "percent": percent, "action": "notify", "level": name}
            for name, percent in (("manager", 100), ("regional_head", 125), ("group_committee", 150))
        ]
    return document


async def _judge(database: asyncpg.Connection, expected: int, *, since: datetime) -> int:
    """Count the effects; 1 if any is missing, doubled, or at another time than it was due."""
    rows = "FROM escalation WHERE due_at >= $1"
    taken = await database.fetchval(f"SELECT count(*) {rows}", since)
    distinct = await database.fetchval(f"SELECT count(DISTINCT (ticket_id, clock, step)) {rows}", since)
    history = await database.fetchval(
        "SELECT count(*) FROM ticket_history WHERE fact IN ('escalated', 'sla_breached') AND at >= $1", since
    )
    print(f"steps           {taken:>10,}   lost {expected - distinct}, doubled {taken - distinct}")
    told = await database.fetchval("SELECT count(DISTINCT ticket_id) FROM notice WHERE at >= $1", since)
    print(f"in histories    {history:>10,}")
    print(f"told of         {told:>10,} tickets")
    await tell_lateness(database, since)
    return int(not taken == distinct == history == told == expected)


async def _until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - clock.now()).total_seconds()))


async def measure(options: argparse.Namespace) -> int:
    async with own_stack("ticketing", SCOPES, workers=options.workers) as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            async with http.put("/v1/sla-policies", json=terms(options.mode)) as answer:
                assert answer.status == 201, await answer.text()
            templates = await open_templates(http)
            database = await asyncpg.connect(stack.database)
            try:
                if options.open:
                    began = time.perf_counter()
                    await copy(database, templates, options.open, later=FAR)
                    await database.execute("VACUUM ANALYZE")
                    print(f"{options.open:,} tickets wait, seeded in {time.perf_counter() - began:.0f} s")
                status: int = await MODES[options.mode](Bench(options, stack, http, database, templates))
                return status
            finally:
                await database.close()


MODES = {"storm": storm, "steady": steady, "outage": outage, "short": short}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=MODES, nargs="?", default="storm")
    parser.add_argument("--due", type=int, default=100_000, help="tickets with a step that falls due")
    parser.add_argument("--open", type=int, default=0, help="tickets that only wait")
    parser.add_argument("--rate", type=int, default=50, help="steps due, or tickets opened, per second")
    parser.add_argument("--seconds", type=int, default=60, help="of a steady load")
    parser.add_argument("--hours", type=float, default=6, help="of an outage")
    parser.add_argument("--workers", type=int, default=1, help="processes that fire, each on a core at most")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
