"""Looking people up by phone number, e-mail address and customer number, among many: one at a time, and a thousand.

    python tests/bench/resolve.py                      # a million customers
    python tests/bench/resolve.py --customers 100000

Every tenth customer is one person with another one. A tenth of what is looked up is nobody's. The service is asked
itself, without the gateway; each answer is checked.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import _past
import aiohttp
import asyncpg
from _stack import Measured, Meter, OwnStack, own_stack
from careloop_common.privacy import Vault
from careloop_profile.identifiers.keys import customer_id_of

BATCH = 1_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
Item = dict[str, str]


def phone(number: int) -> str:
    """One of a hundred million, none of which looks invented."""
    return f"137{number * 7_919 % 100_000_000:08d}"


def customer(number: int) -> UUID:
    return customer_id_of("crm", f"C{number}")


def person(number: int) -> UUID:
    """Of customers 10 and 11 the first gives the person its id."""
    return customer(number - 1) if number % 10 == 1 else customer(number)


async def seed(stack: OwnStack, count: int) -> None:
    vault = Vault(stack.data_keys)
    database = await asyncpg.connect(stack.database)
    began = time.perf_counter()
    try:
        for start in range(0, count, 100_000):
            numbers = range(start, min(start + 100_000, count))
            await fill(database, vault, numbers)
        await database.execute("ANALYZE customer, identifier, person_member")
    finally:
        await database.close()
    print(f"{count:,} customers seeded in {time.perf_counter() - began:.0f} s")


async def fill(database: Any, vault: Vault, numbers: range) -> None:
    await _past.put(database, ({"id": customer(n), "external_id": f"C{n}"} for n in numbers), since=AT)
    await database.copy_records_to_table("identifier", records=identifiers(vault, numbers))
    joined = [n for n in numbers if n % 10 in {0, 1}]
    await database.copy_records_to_table(
        "person_member", records=((customer(n), person(n), AT, n % 10) for n in joined)
    )


def identifiers(vault: Vault, numbers: range) -> Iterator[tuple[UUID, str, str, str]]:
    # Nobody opens what is sealed here.
    for n in numbers:
        yield customer(n), "phone", vault.blind_index("phone", f"+86{phone(n)}"), "v1.bench."
        yield customer(n), "email", vault.blind_index("email", f"user{n}@careloop.org.cn"), "v1.bench."


def sought(dice: random.Random, customers: int) -> tuple[Item, int]:
    number = dice.randrange(customers * 10 // 9)
    kind = dice.choice(("phone", "phone", "email", "external"))
    if kind == "external":
        return {"kind": kind, "source": "crm", "value": f"C{number}"}, number
    value = f"+86 {phone(number)}" if kind == "phone" else f"User{number}@careloop.org.cn"
    return {"kind": kind, "value": value}, number


async def ask(http: aiohttp.ClientSession, wanted: Sequence[tuple[Item, int]], customers: int) -> float:
    """The milliseconds of one request; its answer is looked through."""
    body = json.dumps({"items": [item for item, _ in wanted]}).encode()
    began = time.perf_counter()
    async with http.post("/v1/customers/resolve", data=body) as answer:
        await answer.read()
        took = (time.perf_counter() - began) * 1e3
        assert answer.status == 200, await answer.text()
        found = (await answer.json())["items"]
    for (item, number), one in zip(wanted, found, strict=True):
        right = [str(person(number))] if number < customers else []
        assert one["person_ids"] == right, (item, one)
    return took


async def single(http: aiohttp.ClientSession, dice: random.Random, customers: int, count: int) -> float:
    took = sorted([await ask(http, [sought(dice, customers)], customers) for _ in range(count)])
    p95 = took[int(0.95 * count)]
    print(
        f"single    p50 {statistics.median(took):.2f} ms   p95 {p95:.2f} ms   p99 {took[int(0.99 * count)]:.2f} ms"
    )
    return p95


async def batched(
    http: aiohttp.ClientSession, stack: Measured, dice: random.Random, customers: int, batches: int, side: int
) -> float:
    """Keys per second, in all the time that passes; the bench checks the answers meanwhile."""
    wanted = iter([[sought(dice, customers) for _ in range(BATCH)] for _ in range(batches)])
    took: list[float] = []

    async def client() -> None:
        for one in wanted:
            took.append(await ask(http, one, customers))  # noqa: PERF401  (they take turns)

    meter = Meter(stack)
    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(side)))
    rate = BATCH * batches / (time.perf_counter() - began)
    print(
        f"batched   {rate:,.0f} keys/s   {statistics.median(took):.1f} ms per {BATCH:,} keys, {side} beside each other"
    )
    meter.tell(BATCH * batches, "key")
    return rate


async def measure(given: argparse.Namespace) -> int:
    async with own_stack("profile", ("customers:read",)) as stack:
        await seed(stack, given.customers)
        headers = {"authorization": f"Bearer {stack.key}", "content-type": "application/json"}
        dice = random.Random(given.seed)
        async with aiohttp.ClientSession(stack.url, headers=headers) as http:
            await single(http, dice, given.customers, 200)
            p95 = await single(http, dice, given.customers, given.singles)
            await batched(http, stack, dice, given.customers, 20, 1)
            rate = await batched(http, stack, dice, given.customers, given.batches, given.beside)
    return int(p95 > 5 or rate < 30_000)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--singles", type=int, default=2_000)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--beside", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
