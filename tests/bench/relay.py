"""Events on their way from the outbox to the stream: how many a second, and what each costs.

    python tests/bench/relay.py --events 40000 --rounds 5
    git show HEAD~1:libs/common/src/careloop_common/messaging/relay.py > /tmp/before.py
    python tests/bench/relay.py --against /tmp/before.py     # both in turn, in one process on the same servers

Afterwards every event has to be on the stream once, those of each aggregate in the order in which they were written.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import nats
import uvloop
from _stack import cpu
from careloop_common import clock, ids, outbox
from careloop_common.embedded import EmbeddedNats, EmbeddedPostgres, bootstrap_databases
from careloop_common.messaging import relay
from careloop_common.runtime import Runtime
from careloop_common.testing.access import Signer, data_keys
from careloop_contracts import TicketSlaRecalculatedV1
from careloop_ticketing.service import service
from careloop_ticketing.settings import Settings
from sqlalchemy import text

_LEFT = text("SELECT EXISTS (SELECT FROM outbox)")
_LAST = text("SELECT max(sent_at) FROM outbox_sent")


@contextlib.asynccontextmanager
async def servers() -> AsyncIterator[tuple[Runtime[Settings], dict[str, int]]]:
    """A service's runtime on servers of its own, and their process ids by name."""
    with (
        tempfile.TemporaryDirectory(prefix="careloop-bench-") as directory,
        contextlib.ExitStack() as running,
    ):
        Path(directory).chmod(0o755)  # noqa: ASYNC240
        postgres, broker = EmbeddedPostgres(Path(directory) / "pg"), EmbeddedNats(Path(directory) / "nats")
        for server in (postgres, broker):
            server.start()
            running.callback(server.stop)
            server.wait_ready()
        await bootstrap_databases(postgres.admin_url, {"ticketing": "bench"})
        url = f"postgresql://ticketing:bench@127.0.0.1:{postgres.port}/ticketing"
        await asyncio.to_thread(service.migrate, url)
        settings = Settings(
            database_url=url,
            nats_url=broker.url,
            internal_public_key=Signer().public_pem,
            data_keys=data_keys(),
        )
        async with Runtime.open("ticketing", settings) as runtime:
            await runtime.bus.ready()
            yield runtime, {"PostgreSQL": postgres.pid, "NATS": broker.pid}


async def write(runtime: Runtime[Any], events: int, each: int) -> None:
    """So many events, `each` of them of one aggregate, written in turns as changes of many tickets are."""
    tickets = [ids.new_id() for _ in range(events // each)]
    for turn in range(each):
        for start in range(0, len(tickets), 100):
            async with runtime.database.transaction() as session:
                for ticket in tickets[start : start + 100]:
                    now = clock.now()
                    event = TicketSlaRecalculatedV1(
                        ticket_id=ticket,
                        clock="resolution",
                        because=str(turn),
                        due_after=now,
                        recalculated_at=now,
                    )
                    outbox.add(session, event)


async def drain(runtime: Runtime[Any], kind: ModuleType) -> float:
    """Seconds until the relay archived the last event. To ask often would be a load of its own."""
    began = clock.now()
    task = asyncio.create_task(kind.Relay(runtime).run())
    while True:
        await asyncio.sleep(0.5)
        async with runtime.database.transaction() as session:
            if not await session.scalar(_LEFT):
                last: datetime = await session.scalar(_LAST)
                break
    task.cancel()
    await asyncio.wait({task})
    return (last - began).total_seconds()


async def wrong(runtime: Runtime[Any], expected: int) -> int:
    """Events that are missing on the stream, there twice or before an earlier one of their aggregate."""
    client = await nats.connect(runtime.bus.url)
    messages = await client.jetstream().subscribe("care.v1.ticket.*.sla_recalculated", ordered_consumer=True)
    seen: defaultdict[str, list[int]] = defaultdict(list)
    count = 0
    with contextlib.suppress(nats.errors.TimeoutError):
        while True:
            event = TicketSlaRecalculatedV1.model_validate_json((await messages.next_msg(timeout=3)).data)
            seen[str(event.ticket_id)].append(int(event.because))
            count += 1
    await client.close()
    return abs(expected - count) + sum(turns != list(range(len(turns))) for turns in seen.values())


async def measure(options: argparse.Namespace) -> int:
    kinds = {"now": relay}
    if options.against:
        kinds = {"before": _load(options.against)} | kinds
    speeds: dict[str, list[float]] = {name: [] for name in kinds}
    async with servers() as (runtime, pids):
        for _ in range(options.rounds):
            for name, kind in kinds.items():
                await write(runtime, options.events, options.each)
                before, mine = {server: cpu(pid) for server, pid in pids.items()}, time.process_time()
                took = await drain(runtime, kind)
                costs = {"relay": time.process_time() - mine}
                costs |= {server: cpu(pid) - before[server] for server, pid in pids.items()}
                speeds[name].append(options.events / took)
                told = "   ".join(
                    f"{who} {used / options.events * 1e6:.0f} µs" for who, used in costs.items()
                )
                print(f"{name:<8}{options.events / took:>10,.0f} events/s   CPU per event: {told}")
        for name, found in speeds.items():
            print(f"{name:<8}median {statistics.median(found):,.0f} events/s")
        if options.against:
            ratios = [now / then for then, now in zip(speeds["before"], speeds["now"], strict=True)]
            print(
                f"now / before: median {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}"
            )
        found_wrong = await wrong(runtime, options.events * options.rounds * len(kinds))
    print(f"lost, doubled or out of order: {found_wrong}")
    return int(bool(found_wrong))


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("relay_before", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=4, help="events of one aggregate")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another relay.py, measured in turn with this one")
    return uvloop.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
