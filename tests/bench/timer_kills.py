"""Clocks that run out while the worker, PostgreSQL and NATS are killed at random: nothing is lost, nothing is done twice.

    python tests/bench/timer_kills.py --kills 100 --seed 1
    python tests/bench/timer_kills.py --kills 10 --rate 300

Every killed process is started again after a moment, as a supervisor would. At the end every step must have been taken
once, with one history entry, and a consumer that reads the stream, and takes each event once, must have heard of it once.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import asyncpg
import nats
from _stack import OwnStack, own_stack
from _tickets import fall_due, open_templates
from careloop_common import clock
from careloop_contracts import TicketEscalatedV1
from careloop_ticketing import defaults

SCOPES = ("tickets:read", "tickets:write", "policies:write")
VICTIMS = ("worker", "PostgreSQL", "NATS")
SECONDS_PER_KILL = 1.5
LADDER = [
    {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
    {"name": "deputy", "unacknowledged_seconds": 2, "action": "reassign"},
    {"name": "committee", "unacknowledged_seconds": 2, "action": "notify", "level": "group_committee"},
]
PATIENCE = timedelta(minutes=3)
"""How long the last of it may take."""
Step = tuple[str, str, str]
"""Ticket, clock and step."""


@contextlib.asynccontextmanager
async def connected(stack: OwnStack) -> AsyncIterator[asyncpg.Connection]:
    """To a database that may be just coming back."""
    while True:
        try:
            database = await asyncpg.connect(stack.database)
            break
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
    try:
        yield database
    finally:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            await database.close()


async def kill(stack: OwnStack, kills: int, dice: random.Random) -> tuple[Counter[str], Counter[str]]:
    """One at a time, at random moments; who was killed how often, and who gave up."""
    killed: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.2, 1.5))
        victim = dice.choice(VICTIMS)
        await stack.kill(victim)
        killed[victim] += 1
        await asyncio.sleep(dice.uniform(0, 0.5))
        await stack.start(victim)
        ended.update(await stack.supervise())
    return killed, ended


async def settled(stack: OwnStack) -> None:
    """Wait until all that was due is done and told."""
    busy = "SELECT EXISTS (SELECT FROM sla_clock WHERE name = 'first_response' AND next_at IS NOT NULL) OR EXISTS (SELECT FROM outbox)"
    deadline = clock.now() + PATIENCE
    while True:
        async with connected(stack) as database:
            if not await database.fetchval(busy):
                return
        assert clock.now() < deadline, "not all of it was done"
        await asyncio.sleep(0.5)


async def heard(stack: OwnStack) -> tuple[Counter[Step], int]:
    """The steps that a consumer hears of that takes each event once, and how many came again."""
    broker = await nats.connect(stack.broker)
    subscription = await broker.jetstream().subscribe("care.v1.ticket.*.escalated", ordered_consumer=True)
    events: dict[str, Step] = {}
    again = 0
    with contextlib.suppress(nats.errors.TimeoutError):
        while True:
            message = await subscription.next_msg(timeout=3)
            event = TicketEscalatedV1.model_validate_json(message.data)
            again += message.headers["ce-id"] in events
            events[message.headers["ce-id"]] = (str(event.ticket_id), event.clock, event.step)
    await broker.close()
    return Counter(events.values()), again


async def judge(stack: OwnStack) -> int:
    """Count what is there against what must be."""
    async with connected(stack) as database:
        rows = await database.fetch("SELECT ticket_id, clock, step FROM escalation")
        expected = len(LADDER) * await database.fetchval("SELECT count(*) FROM ticket")
        entries = await database.fetchval(
            "SELECT count(*) FROM ticket_history WHERE fact IN ('escalated', 'sla_breached')"
        )
    taken = Counter((str(row["ticket_id"]), row["clock"], row["step"]) for row in rows)
    told, again = await heard(stack)
    print(
        f"steps           {taken.total():>10,}   lost {expected - len(taken)}, doubled {taken.total() - len(taken)}"
    )
    print(f"in histories    {entries:>10,}")
    print(
        f"heard           {told.total():>10,}   doubled {told.total() - len(told)}, came again as known {again}"
    )
    return int(not (taken == told and taken.total() == len(taken) == entries == expected))


async def measure(options: argparse.Namespace) -> int:
    dice = random.Random(options.seed)
    document = defaults.sla_policy()
    document["ladders"]["first_response"] = LADDER
    document["clocks"]["first_response"]["targets"] = [{"seconds": 60}]
    async with own_stack("ticketing", SCOPES, log_level="ERROR") as stack:
        headers = {"authorization": f"Bearer {stack.key}"}
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            async with http.put("/v1/sla-policies", json=document) as answer:
                assert answer.status == 201, await answer.text()
            templates = await open_templates(http)
        seconds = options.kills * SECONDS_PER_KILL
        async with connected(stack) as database:
            at = clock.now() + timedelta(seconds=5 + options.rate * seconds / 5_000)
            await fall_due(database, templates, at, int(options.rate * seconds), timedelta(seconds=seconds))
        await asyncio.sleep(max(0.0, (at - clock.now()).total_seconds()))
        began = time.perf_counter()
        killed, ended = await kill(stack, options.kills, dice)
        took = time.perf_counter() - began
        print(f"killed          {dict(killed)} in {took:.0f} s, seed {options.seed}")
        print(f"gave up         {dict(ended)}")
        await settled(stack)
        return await judge(stack)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=int, default=100, help="tickets whose clock runs out per second")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
