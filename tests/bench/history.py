"""The chain of history entries: what an entry costs to write, how fast all are verified, and that nothing gets past.

    python tests/bench/history.py --entries 1000000

Entries are chained and copied into PostgreSQL by the same code that the service runs, four a ticket. Then the verifier goes
over all of them, once as they are and once after changes of every sort were planted.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from careloop_common import clock, ids
from careloop_common.database import Database
from careloop_common.embedded import EmbeddedPostgres, bootstrap_databases
from careloop_common.privacy import Vault
from careloop_ticketing.classification.policy import Cause, Severity
from careloop_ticketing.history import service as history
from careloop_ticketing.history.service import Tally
from careloop_ticketing.service import service
from careloop_ticketing.tickets.chain import PURPOSE, START, UNKEYED, Chain, Entry
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier

EACH = 4
COLUMNS = ("ticket_id", "seq", "fact", "at", "actor_id", "actor_kind", "before", "after", "key_id", "hash")
PLANTED = {
    "edited": "UPDATE ticket_history SET actor_id = 'x' WHERE ticket_id = $1 AND seq = 2",
    "deleted": "DELETE FROM ticket_history WHERE ticket_id = $1 AND seq = 3",
    "inserted": "INSERT INTO ticket_history SELECT ticket_id, 5, fact, at, actor_id, actor_kind, before, after, key_id,"
    " hash FROM ticket_history WHERE ticket_id = $1 AND seq = 4",
    "reordered": "UPDATE ticket_history SET seq = CASE seq WHEN 2 THEN 13 ELSE 12 END WHERE ticket_id = $1 AND seq IN (2, 3)",
    "cut back": "WITH cut AS (DELETE FROM ticket_history WHERE ticket_id = $1 AND seq = 4) UPDATE ticket SET version = 3,"
    " head = (SELECT hash FROM ticket_history WHERE ticket_id = $1 AND seq = 3) WHERE id = $1",
}


def ticket_of(ticket_id: UUID, head: bytes, number: int) -> dict[str, Any]:
    """The row of a ticket with a history of that head."""
    ticket = TicketRow(
        id=ticket_id,
        number=f"C-{number}",
        version=EACH,
        status=Status.HANDLING,
        kind=Kind.COMPLAINT,
        channel="web",
        source="web",
        language="zh",
        subject="s",
        description="d",
        cause=Cause.PRICE,
        tier=Tier.PRIMARY,
        severity=Severity.NORMAL,
        classified_by="rules",
        rules=[],
        level=Level.FRONT_LINE,
        policy_version=1,
        opened_at=clock.now(),
        changed_at=clock.now(),
        milestones=[],
        watchers=[],
        head=head,
    )
    return ticket.model_dump()


def entries_of(ticket_id: UUID, now: object) -> list[Entry]:
    """A short life, with what an escalation says."""
    said = {
        "step": "one_level_up",
        "action": "reassign",
        "clock": "resolution",
        "told": "expert",
        "due_at": "2026-03-01T12:00:00.123456+00:00",
        "level": "expert",
        "tier": "primary",
        "assignee_id": None,
    }
    place = {"level": "front_line", "tier": "primary", "assignee_id": None}
    return [
        Entry(ticket_id, seq, "escalated", now, "system", "system", place, said)  # type: ignore[arg-type]
        for seq in range(1, EACH + 1)
    ]


def cost(chain: Chain, count: int = 100_000) -> None:
    """What chaining adds to an entry, sets of which are written at a time."""
    entries = entries_of(ids.new_id(), clock.now())
    head, began = START, time.perf_counter()
    for number in range(count):
        head = chain.link(head, entries[number % EACH])
    print(f"chaining        {(time.perf_counter() - began) / count * 1e6:>10.2f} µs per entry")


async def seed(database: asyncpg.Connection, chain: Chain, count: int) -> list[UUID]:
    """Tickets with chained histories."""
    began, found = time.perf_counter(), []
    for start in range(0, count // EACH, 10_000):
        now = clock.now() - timedelta(hours=1)
        tickets, heads, rows = [], [], []
        for _ in range(min(10_000, count // EACH - start)):
            ticket_id, head = ids.new_id(), START
            for entry in entries_of(ticket_id, now):
                head = chain.link(head, entry)
                said = json.dumps(entry.before), json.dumps(entry.after)
                rows.append((*entry[:6], *said, chain.key_id, head))
            tickets.append(ticket_id)
            heads.append(head)
        shown = [
            ticket_of(*one, number) for number, one in enumerate(zip(tickets, heads, strict=True), start)
        ]
        records = [tuple(ticket.values()) for ticket in shown]
        await database.copy_records_to_table("ticket", records=records, columns=list(shown[0]))
        await database.copy_records_to_table("ticket_history", records=rows, columns=COLUMNS)
        found += tickets
    await database.execute("VACUUM ANALYZE ticket, ticket_history")
    print(f"seeded          {count:>10,} entries in {time.perf_counter() - began:.0f} s")
    return found


async def verify(database: Database) -> tuple[Tally, list[str]]:
    """Everything, once."""
    tally = Tally()
    async with database.transaction() as session:
        return tally, [str(one) async for one in history.verify(session, tally)]


async def plant(database: asyncpg.Connection, chain: Chain, tickets: list[UUID]) -> dict[str, UUID]:
    """One change of each sort, each to a ticket of its own."""
    places = dict(zip((*PLANTED, "chained anew", "gone"), tickets[len(tickets) // 2 :], strict=False))
    for name, statement in PLANTED.items():
        await database.execute(statement, places[name])
    swapped = "UPDATE ticket_history SET seq = seq - 10 WHERE ticket_id = $1 AND seq > 10"
    await database.execute(swapped, places["reordered"])
    head = START
    for entry in entries_of(places["chained anew"], clock.now()):
        head = chain.hash(head, entry, UNKEYED) or START
        forged = (
            "UPDATE ticket_history SET at = $3, key_id = 'none', hash = $4 WHERE ticket_id = $1 AND seq = $2"
        )
        await database.execute(forged, entry.ticket_id, entry.seq, entry.at, head)
    await database.execute("UPDATE ticket SET head = $2 WHERE id = $1", places["chained anew"], head)
    await database.execute("DELETE FROM ticket_history WHERE ticket_id = $1", places["gone"])
    await database.execute("DELETE FROM ticket WHERE id = $1", places["gone"])
    return places


async def measure(options: argparse.Namespace, url: str) -> int:
    vault = Vault(f"bench:{base64.b64encode(os.urandom(32)).decode()}")
    chain = Chain(vault.keys_for(PURPOSE))
    cost(chain)
    connection = await asyncpg.connect(url)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda document: b"\x01" + document.encode(),
        decoder=bytes,
        format="binary",
    )
    database = Database(url, service="ticketing", vault=vault)
    try:
        tickets = await seed(connection, chain, options.entries)
        began = time.perf_counter()
        async with database.transaction() as session:
            held = await history.anchor(session, now=clock.now())
        print(f"anchored        {held:>10,} heads in {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        tally, wrong = await verify(database)
        took = time.perf_counter() - began
        print(
            f"verified        {tally.entries:>10,} entries of {tally.tickets:,} tickets in {took:.1f} s; {len(wrong)} broken"
        )
        places = await plant(connection, chain, tickets)
        _, found = await verify(database)
        missed = [
            name for name, ticket_id in places.items() if not any(str(ticket_id) in one for one in found)
        ]
        false = [one for one in found if not any(str(ticket_id) in one for ticket_id in places.values())]
        print(
            f"planted         {len(places):>10,} changes: {', '.join(places)}; missed {len(missed)}, false alarms {len(false)}"
        )
        return int(bool(wrong or missed or false))
    finally:
        await database.close()
        await connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as directory:
        Path(directory).chmod(0o755)
        postgres = EmbeddedPostgres(Path(directory) / "pg")
        postgres.start()
        try:
            postgres.wait_ready()
            asyncio.run(bootstrap_databases(postgres.admin_url, {"ticketing": "bench"}))
            url = f"postgresql://ticketing:bench@127.0.0.1:{postgres.port}/ticketing"
            service.migrate(url)
            return asyncio.run(measure(options, url))
        finally:
            postgres.stop()


if __name__ == "__main__":
    sys.exit(main())
