"""A file of relations into profile: rows per second, first new, then the same file again.

    python tests/bench/relation_import.py                 # 50,000 rows
    python tests/bench/relation_import.py --rows 200000

A fifth each of who works where, who reports to whom, who influences whom, who lives in which household and who is family of
whom, in an order of chance; every tenth person is one with another. The service is asked itself, without the gateway. What
stands in the database is counted afterwards.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import _past
import aiohttp
import asyncpg
from _stack import Meter, OwnStack, cpu, own_stack
from careloop_profile.identifiers.keys import customer_id_of

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
SCOPES: Final = ("imports:write", "imports:read")
STAFF: Final = 50
"""People of a firm, five of a household."""
HEADER: Final = (
    "from_id,from_source,to_id,to_source,organization_id,type,role,formal,influence,valid_from,valid_to\n"
)
GOAL: Final = 2_000


def customer(name: str) -> UUID:
    return customer_id_of("crm", name)


def rows(people: int, dice: random.Random) -> list[str]:
    """Five of each person: the firm, the superior, whom it influences, the household, a sister."""
    found = []
    for n in range(people):
        firm, home = f"firm{n // STAFF}", f"home{n // 5}"
        place = n % STAFF
        superior = n - place + max(0, (place - 1) // 4)
        found.append(f"P{n},,{firm},,,任职,,,,2020-01-01,\n")
        if place:
            found.append(f"P{n},,P{superior},,{firm},汇报,,是,,2020-01-01,\n")
        other = n - place + (place + dice.randrange(2, STAFF - 2)) % STAFF
        found.append(f"P{n},,P{other},,{firm},影响,,,{dice.randrange(-5, 6)},2021-01-01,\n")
        found.append(f"P{n},,{home},,,家庭成员,{'' if n % 5 else '户主'},,,2019-05-01,2031-01-01\n")
        found.append(f"P{n},,P{(n + STAFF * 7) % people},,,亲属,,,,2018-01-01,\n")
    dice.shuffle(found)
    return found


async def seed(database: Any, people: int) -> None:
    def everybody() -> Iterator[dict[str, Any]]:
        for n in range(people):
            yield {"id": customer(f"P{n}"), "external_id": f"P{n}", "kind": "individual"}
        for n in range(people // STAFF + 1):
            yield {"id": customer(f"firm{n}"), "external_id": f"firm{n}", "kind": "enterprise"}
        for n in range(people // 5 + 1):
            yield {"id": customer(f"home{n}"), "external_id": f"home{n}", "kind": "household"}
        for n in range(0, people, 10):
            yield {"id": customer(f"Q{n}"), "external_id": f"Q{n}", "kind": "individual"}

    await _past.put(database, everybody(), since=AT)
    joined = [
        (customer(f"{letter}{n}"), customer(f"P{n}"), AT, place)
        for n in range(0, people, 10)
        for place, letter in enumerate("PQ")
    ]
    await database.copy_records_to_table("person_member", records=joined)
    await database.execute("ANALYZE customer, person_member")


async def imported(http: aiohttp.ClientSession, data: bytes) -> dict[str, Any]:
    body = {"mapping": "crm-relations", "filename": "relations.csv"}
    async with http.post("/v1/imports", json=body) as answer:
        path = f"/v1/imports/{(await answer.json())['import_id']}"
    for number, start in enumerate(range(0, len(data), 4 << 20), start=1):
        async with http.put(f"{path}/parts/{number}", data=data[start : start + (4 << 20)]) as answer:
            assert answer.status == 200, await answer.text()
    await (await http.post(f"{path}/start")).read()
    while True:
        async with http.get(path) as answer:
            job: dict[str, Any] = await answer.json()
        if job["state"] in {"completed", "failed"}:
            return job
        await asyncio.sleep(0.1)


async def measured(stack: OwnStack, http: aiohttp.ClientSession, what: str, lines: list[str]) -> float:
    """Rows for each second of processor time, of all processes together."""
    meter, before = Meter(stack), busy(stack)
    began = time.perf_counter()
    job = await imported(http, (HEADER + "".join(lines)).encode())
    seconds = time.perf_counter() - began
    assert job["state"] == "completed", job
    counts = ", ".join(f"{number:,} {name}" for name, number in job["relations"].items() if number)
    core = len(lines) / (busy(stack) - before)
    print(f"{what:<8}{len(lines) / seconds:>8,.0f} rows/s, {core:,.0f} per second of one core   {counts}")
    meter.tell(len(lines), "row")
    assert job["rejected"] == job["relations"]["open"] == 0, job
    return core


def busy(stack: OwnStack) -> float:
    """Processor time of all that serves."""
    return sum(cpu(pid) for name, pid in stack.processes.items() if name != "load")


async def measure(options: argparse.Namespace) -> int:
    people = options.rows // 5 // STAFF * STAFF + STAFF * 5
    lines = rows(people, random.Random(7))[: options.rows]
    async with own_stack("profile", SCOPES) as stack:
        database = await asyncpg.connect(stack.database)
        try:
            await seed(database, people)
            headers = {"authorization": f"Bearer {stack.key}"}
            async with aiohttp.ClientSession(stack.url, headers=headers) as http:
                speeds = [await measured(stack, http, what, lines) for what in ("new", "again")]
            stored = await database.fetchval("SELECT count(*) FROM relationship")
        finally:
            await database.close()
    print(f"{stored:,} relations of {len(lines):,} rows")
    return int(stored != len(lines) or min(speeds) < GOAL)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=50_000)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
