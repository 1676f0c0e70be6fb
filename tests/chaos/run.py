"""Kill -9 at random under load, then account for every acknowledged write.

    python tests/chaos/run.py --kills 20 --seed 1
    python tests/chaos/run.py --kills 0 --outage nats --seconds 60

Each round one process of the platform (an API, a worker with its relay, consumers and timers, the gateway, NATS or
PostgreSQL) is killed and started again a moment later, while agents register customers, revise them, file complaints
that run out of time, and device gateways send interactions. An outage takes one process away for longer. At the end: lost = doubled = disordered = 0.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from fleet import Fleet
from load import Client, Journal, customers_and_tickets, interactions
from verdict import Reader, Verdict, judge

AGENTS = 6
DEVICE_GATEWAYS = 2
STEPS = {"first_response": 2, "resolution": 3}


def seconds_policy() -> dict[str, Any]:
    """An SLA policy whose clocks run out within seconds."""
    breach = {"name": "breach", "percent": 100, "action": "notify", "level": "manager"}
    reminder = {"name": "reminder", "percent": 50, "action": "remind"}
    top = {"name": "committee", "percent": 130, "action": "notify", "level": "group_committee"}
    return {
        "name": "chaos",
        "satisfaction_seconds": 600,
        "clocks": {
            "first_response": {
                "start": ["opened"],
                "stop": ["responded"],
                "targets": [{"seconds": 3}],
                "ladders": [{"ladder": "short"}],
            },
            "resolution": {
                "start": ["opened"],
                "stop": ["resolved"],
                "on_reopen": "continue",
                "targets": [{"seconds": 5}],
                "ladders": [{"ladder": "long"}],
            },
        },
        "ladders": {"short": [reminder, breach], "long": [reminder, breach, top]},
    }


async def run(
    kills: int, seed: int, home: Path, *, outage: str | None = None, seconds: float = 60.0
) -> tuple[Verdict, Journal, Fleet]:
    """One whole run on an empty platform."""
    chance = random.Random(seed)
    fleet = Fleet(home)
    await fleet.start()
    journal = Journal()
    try:
        key = fleet.config.keys.admin.read_text().strip()
        headers = {"authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            client = Client(session, fleet.config.gateway_url, journal)
            await client.insist("PUT", "/v1/sla-policies", seconds_policy())
            await client.insist("PUT", "/v1/contact-policy", {"quiet_hours": None})
            stopping = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for number in range(AGENTS):
                    group.create_task(customers_and_tickets(client, f"agent{number}", stopping.is_set))
                for _ in range(DEVICE_GATEWAYS):
                    group.create_task(interactions(client, stopping.is_set))
                await _wreck(fleet, chance, kills)
                if outage:
                    await _take_away(fleet, journal, outage, seconds)
                stopping.set()
            await fleet.ready()
            reader = Reader(session, fleet.config.gateway_url)
            return await judge(reader, fleet.config.nats_url, journal, STEPS), journal, fleet
    finally:
        await fleet.stop()


async def _wreck(fleet: Fleet, chance: random.Random, kills: int) -> None:
    """Kill, wait a moment, revive, let it work a moment, and again. No process is spared twice in a row."""
    victims: list[str] = []
    while len(victims) < kills:
        victims += chance.sample(fleet.names, len(fleet.names))
    for number, victim in enumerate(victims[:kills], 1):
        await asyncio.sleep(chance.uniform(0.5, 2.0))
        started = time.monotonic()
        await fleet.kill(victim)
        await asyncio.sleep(chance.uniform(0.0, 1.0))
        await fleet.revive(victim)
        await fleet.ready()
        print(
            f"  {number:>3}/{kills} killed {victim}, back after {time.monotonic() - started:.1f} s",
            flush=True,
        )
    await asyncio.sleep(2.0)


async def _take_away(fleet: Fleet, journal: Journal, name: str, seconds: float) -> None:
    """One process is gone for a while; say what could be written meanwhile."""
    before = len(journal.tickets), len(journal.revisions) + sum(journal.revisions.values())
    await fleet.kill(name)
    await asyncio.sleep(seconds)
    after = len(journal.tickets), len(journal.revisions) + sum(journal.revisions.values())
    tickets, customers = (there - here for here, there in zip(before, after, strict=True))
    print(
        f"{name} was away for {seconds:.0f} s: {tickets} tickets and {customers} customer writes acknowledged"
    )
    started = time.monotonic()
    await fleet.revive(name)
    await fleet.ready()
    print(f"everything ready {time.monotonic() - started:.1f} s after its return", flush=True)
    await asyncio.sleep(2.0)


def main() -> int:
    """Command line; status 0 only when nothing was lost, doubled or disordered."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--outage", metavar="PROCESS", help="take this process away, such as nats or postgres"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is away")
    parser.add_argument("--keep", action="store_true", help="keep the platform's directory with its logs")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.kills} kills", flush=True)
    home = Path(tempfile.mkdtemp(prefix="careloop-chaos-")) / "home"
    try:
        verdict, journal, fleet = asyncio.run(
            run(arguments.kills, arguments.seed, home, outage=arguments.outage, seconds=arguments.seconds)
        )
    finally:
        if arguments.keep:
            print(f"kept {home}")
        else:
            shutil.rmtree(home.parent, ignore_errors=True)
    print(f"acknowledged writes {journal.acknowledged}, retries {dict(journal.retries.most_common())}")
    print(json.dumps(dict(sorted(verdict.counts.items())), indent=2))
    print(f"ended by themselves and were started again: {fleet.deaths or 'none'}")
    for name in ("lost", "doubled", "disordered"):
        found = getattr(verdict, name)
        print(f"{name}: {len(found)}", *found[:5], sep="\n  ")
    print(
        f"answers nobody should get: {len(journal.refused)}", *sorted(set(journal.refused))[:10], sep="\n  "
    )
    return 0 if verdict.clean and not journal.refused else 1


if __name__ == "__main__":
    sys.exit(main())
