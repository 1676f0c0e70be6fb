"""The 360° read: how long a page takes where there are a million customers and fifty million interactions.

    python tests/bench/overview.py                                         # 1M customers, 50M interactions, some minutes
    python tests/bench/overview.py --customers 50000 --rows 2000000        # a look

Every page is read once of a customer that was not read before, as people at desks do. `heavy` are persons of fifty
customers, to each of whom thousands of interactions happened; they are told over `LATERAL`, and, beside it in the same
run, as one query over all of their interactions would tell them.
"""

import argparse
import asyncio
import hashlib
import random
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from statistics import quantiles

import _past
import aiohttp
import asyncpg
from _stack import Meter, OwnStack, own_stack
from careloop_common import clock, ids
from careloop_common.privacy import Vault

SCOPES = ("customers:read", "customers:write", "customers:personal", "interactions:read")
MEMBERS = 50
_MEMBER = "INSERT INTO person_member (customer_id, person_id, place, since) VALUES ($1, $2, $3, $4)"
_EVIDENCE = """
    INSERT INTO identity_evidence (id, one, other, method, rule, detail, state, at, by)
    VALUES ($1, $2, $3, 'deterministic', 'bench', '{}', 'holds', $4, 'bench')
"""
_MERGE = """
    INSERT INTO identity_merge (id, operation, method, reason, customers, before, after, at, by)
    VALUES ($1, 'merge', 'deterministic', 'bench', $2, '[]', $3, $4, 'bench')
"""
_PLAIN = """
    SELECT message_uid, occurred_at, channel, kind, properties FROM interaction WHERE customer_id = ANY($1)
    ORDER BY occurred_at DESC, message_uid DESC LIMIT 50
"""


def customer_id(number: int) -> uuid.UUID:
    return uuid.UUID(hashlib.md5(f"past {number}".encode(), usedforsecurity=False).hexdigest())


async def unite(connection: asyncpg.Connection, members: Sequence[uuid.UUID]) -> None:
    """Make customers one person, as identity writes it down."""
    person, at = members[0], clock.now()
    await connection.executemany(_MEMBER, [(key, person, place, at) for place, key in enumerate(members)])
    pairs = [(ids.new_id(), min(person, key), max(person, key), at) for key in members[1:]]
    await connection.executemany(_EVIDENCE, pairs)
    after = "[[" + ",".join(f'"{key}"' for key in members) + "]]"
    await connection.execute(_MERGE, ids.new_id(), sorted(members), after, at)


async def furnish(connection: asyncpg.Connection, vault: Vault, keys: Sequence[uuid.UUID]) -> None:
    """Give customers what real ones have: sealed facts, products, a device, consents."""
    now = clock.now()
    for place, key in enumerate(keys):
        phone = f"+86138{place:08d}"
        await connection.execute(
            "UPDATE customer SET name_sealed = $2, address_sealed = $3 WHERE id = $1",
            key, vault.seal(key, "name", "张伟"), vault.seal(key, "address", "广东省深圳市南山区科苑路15号"),
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO identifier (customer_id, kind, blind_index, sealed) VALUES ($1, 'phone', $2, $3)",
            key, vault.blind_index("phone", phone), vault.seal(key, "phone", phone),
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO subscription (customer_id, subscription_id, product, status) VALUES ($1, $2, $3, 'active')",
            [(key, ids.new_id(), product) for product in ("mobile", "broadband", "iptv")],
        )
        await connection.execute(
            "INSERT INTO device (customer_id, device_id, type, status, updated_at) VALUES ($1, $2, 'phone', 'active', $3)",
            key, ids.new_id(), now,
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO consent (customer_id, purpose, channel, at, status, entry_id, legal_basis, recorded_at, recorded_by)"
            " VALUES ($1, 'marketing', $2, $3, 'granted', $4, 'consent', $3, 'bench')",
            [(key, channel, now, ids.new_id()) for channel in ("sms", "email", "call")],
        )


async def timed(name: str, keys: Sequence[uuid.UUID], read: Callable[[uuid.UUID], Awaitable[None]]) -> None:
    """Each once, one after the other."""
    took = []
    for key in keys:
        began = time.perf_counter()
        await read(key)
        took.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(took, n=100)
    print(
        f"{name:<34} p50 {cuts[49]:>7.1f} ms   p95 {cuts[94]:>7.1f} ms   p99 {cuts[98]:>7.1f} ms   ({len(took)})",
        flush=True,
    )


async def measure(
    stack: OwnStack,
    connection: asyncpg.Connection,
    single: Sequence[uuid.UUID],
    heavy: Sequence[Sequence[uuid.UUID]],
) -> None:
    def page(http: aiohttp.ClientSession, path: str) -> Callable[[uuid.UUID], Awaitable[None]]:
        async def read(key: uuid.UUID) -> None:
            async with http.get(f"/v1/customers/{key}/{path}") as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()

        return read

    async def plain(key: uuid.UUID) -> None:
        await connection.fetch(_PLAIN, next(members for members in heavy if members[0] == key))

    headers = {"authorization": f"Bearer {stack.key}"}
    async with aiohttp.ClientSession(stack.url, headers=headers) as http:
        meter, quarter = Meter(stack), len(single) // 4
        parts = [single[place * quarter : (place + 1) * quarter] for place in range(4)]
        for part, path in zip(
            parts, ("profile", "overview", "overview?explain=true", "trajectory?limit=50"), strict=True
        ):
            await timed(path, part, page(http, path))
        meter.tell(4 * quarter, "page")
        first = [members[0] for members in heavy]
        for path in ("overview", "overview?explain=true", "trajectory?limit=50"):
            await timed(f"heavy: {path}", first, page(http, path))
        await timed("heavy: timeline without LATERAL", first, plain)
        for path in (
            "interaction-paths?outcome_kind=payment",
            "interaction-paths?outcome_kind=complaint",
            "dissatisfied-customers",
        ):
            began = time.perf_counter()
            async with http.get(f"/v1/{path}") as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            print(f"{path:<48} {(time.perf_counter() - began) * 1000:>7.0f} ms", flush=True)


async def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=50_000_000, help="interactions that are there")
    parser.add_argument("--days", type=int, default=30, help="over which they are spread")
    parser.add_argument("--pages", type=int, default=2000, help="customers whose pages are read")
    options = parser.parse_args()
    async with own_stack("profile", SCOPES) as stack:
        connection = await asyncpg.connect(stack.database)
        await _past.customers(connection, options.customers)
        await _past.interactions(
            connection, options.rows, days=options.days, owners=options.customers, counted=True
        )
        dice = random.Random(1)
        single = [customer_id(dice.randrange(_past.BUSY, options.customers)) for _ in range(options.pages)]
        single = list(dict.fromkeys(single))
        heavy = [
            [customer_id(number) for number in range(start, start + MEMBERS)]
            for start in range(0, _past.BUSY, MEMBERS)
        ]
        vault = Vault(stack.data_keys)
        await furnish(connection, vault, [*single, *(key for members in heavy for key in members)])
        for members in heavy:
            await unite(connection, members)
        await connection.execute("ANALYZE")
        # To the worker all customers that were written past it are new: looking at a million takes it a quarter of an hour.
        await stack.kill("worker")
        await measure(stack, connection, single, heavy)
        await connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
