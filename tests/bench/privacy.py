"""Privacy: what keys of customers cost, how long it takes to forget somebody, and what can still be read of them.

    python tests/bench/privacy.py --interactions 100000

One customer is planted with values that nobody else has, and gets interactions, consents, traits and messages that are
refused. Then all tables, the files of PostgreSQL and of the broker, and the logs are looked through for the planted values, before and
after the customer is forgotten. Sealing is compared with and without keys of subjects in one run.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiohttp
import asyncpg
from _stack import OwnStack, own_stack
from careloop_common import ids, subject_keys
from careloop_common.database import Database
from careloop_common.privacy import Vault
from careloop_common.testing.working import until

PLANTED: Final = {
    "name": "欧阳靖海测",
    "phone": "+8613877665544",
    "email": "ouyang.jinghai@126.com",
    "identity_number": "440305198307192374",
    "address": "广东省深圳市南山区科苑路15号",
}
SCOPES: Final = (
    *("customers:read", "customers:write", "customers:personal", "interactions:read", "interactions:write"),
    *("privacy:audit", "privacy:erase", "privacy:export", "imports:read"),
)
BATCH: Final = 1000


def per_second(what: str, count: int, run: Callable[[], object]) -> None:
    start = time.perf_counter()
    run()
    taken = time.perf_counter() - start
    print(f"{what:<44}{taken / count * 1e6:>10.2f} µs each {count / taken:>12,.0f}/s")


async def sealing(stack: OwnStack, count: int) -> None:
    """The same values under a key of the ring and under keys of subjects, and what it takes to have those at hand."""
    assert stack.database
    vault = Vault(stack.data_keys)
    subjects = [ids.new_id() for _ in range(count)]
    token = {one: vault.seal(one, "name", PLANTED["name"]) for one in subjects}
    per_second(
        "seal under the ring", count, lambda: [vault.seal(one, "name", "欧阳靖海") for one in subjects]
    )
    per_second(
        "open under the ring", count, lambda: [vault.open(one, "name", token[one]) for one in subjects]
    )
    database = Database(stack.database, service="bench", vault=vault)
    for what in ("make keys, in sets of 1,000", "load keys, in sets of 1,000", "ask again within 5 s"):
        start = time.perf_counter()
        for first in range(0, count, 1000):
            some = subjects[first : first + 1000]
            async with database.transaction() as session:
                if what.startswith("make"):
                    await subject_keys.ensure(session, some)
                else:
                    await subject_keys.load(session, some)
        taken = time.perf_counter() - start
        print(f"{what:<44}{taken / count * 1e6:>10.2f} µs each {count / taken:>12,.0f}/s")
    per_second(
        "seal under keys of subjects",
        count,
        lambda: [vault.seal(one, "name", "欧阳靖海") for one in subjects],
    )
    token = {one: vault.seal(one, "name", PLANTED["name"]) for one in subjects}
    per_second(
        "open under keys of subjects",
        count,
        lambda: [vault.open(one, "name", token[one]) for one in subjects],
    )
    async with database.transaction() as session:
        await subject_keys.destroy(session, subjects, now=datetime.now(UTC))  # noqa: TID251
    await database.close()


async def plant(http: aiohttp.ClientSession, interactions: int) -> UUID:
    made = await _call(
        http, "POST", "/v1/customers", {"source": "bench", "external_id": "PLANTED-4711", **PLANTED}
    )
    key = made["customer_id"]
    word = {
        "purpose": "marketing",
        "channel": "sms",
        "granted": True,
        "proof": {"kind": "recording", "reference": PLANTED["email"]},
    }
    await _call(http, "PUT", f"/v1/customers/{key}/consents", {"items": [word]})
    said = {
        "type": "identify",
        "userId": "PLANTED-4711",
        "messageId": "m",
        "traits": {"email": PLANTED["email"]},
    }
    await _call(http, "POST", "/v1/batch", {"batch": [said]})
    refused = {"customer": {"phone": PLANTED["phone"]}, "channel": "nowhere", "kind": "x"}
    now = datetime.now(UTC)  # noqa: TID251
    for first in range(0, interactions, BATCH):
        items = [
            {
                "customer": {"customer_id": key},
                "channel": "web",
                "kind": "browse",
                "occurred_at": (now - timedelta(seconds=first + place)).isoformat(),
                "message_id": f"m-{first + place}",
                "properties": {"page": "/plans"},
            }
            for place in range(BATCH)
        ]
        await _call(
            http, "POST", "/v1/interactions/batch", {"items": [*items[:-1], items[-1] if first else refused]}
        )
    await _call(http, "GET", f"/v1/customers/{key}")
    return UUID(key)


async def forget(http: aiohttp.ClientSession, key: UUID) -> tuple[float, float, dict[str, Any]]:
    """Seconds until the answer, until nothing is left, and the erasure as it is then."""
    start = time.perf_counter()
    request = await _call(http, "POST", "/v1/erasure-requests", {"customer_id": str(key)})
    answered = time.perf_counter() - start

    async def complete() -> Any:
        found = await _call(http, "GET", f"/v1/erasure-requests/{request['request_id']}")
        return found if found["state"] == "completed" else None

    found = await until(complete, timeout=120)
    return answered, time.perf_counter() - start, found


async def readable(stack: OwnStack, home: Path, log: Path) -> dict[str, int]:
    """How many of the planted values can be read where."""
    raw = [
        form
        for word in (*PLANTED.values(), PLANTED["phone"].removeprefix("+86"))
        for form in (word.encode(), word.encode().hex().encode())
    ]
    connection = await asyncpg.connect(stack.database)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found, forms = {"tables": 0}, [f"%{form.decode()}%" for form in raw]
    for (table,) in tables:
        told = f'SELECT count(*) FROM "{table}" AS t WHERE CAST(t AS text) LIKE ANY($1)'
        found["tables"] += await connection.fetchval(told, forms)
    await connection.close()
    for what, files in (("PostgreSQL files", home / "pg"), ("broker files", home / "nats"), ("logs", log)):
        found[what] = sum(any(form in data for form in raw) for data in _contents(files))
    return found


def _contents(path: Path) -> Iterator[bytes]:
    for one in [path] if path.is_file() else path.rglob("*"):
        if one.is_file():
            yield one.read_bytes()


async def _call(http: aiohttp.ClientSession, method: str, path: str, body: object = None) -> Any:
    async with http.request(method, path, json=body) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def main(interactions: int, keys: int) -> int:
    os.environ["PROFILE_ERASURE_SERVICES"] = "[]"
    shown = os.dup(1)
    with tempfile.NamedTemporaryFile(prefix="careloop-privacy-", suffix=".log") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        sys.stdout = sys.stderr = os.fdopen(shown, "w", buffering=1)
        async with own_stack("profile", SCOPES, log_level="DEBUG") as stack:
            home = stack.home
            headers = {"authorization": f"Bearer {stack.key}"}
            async with aiohttp.ClientSession(stack.url, headers=headers) as http:
                await sealing(stack, keys)
                key = await plant(http, interactions)

                async def stored() -> bool:
                    known = await _call(http, "GET", f"/v1/customers/{key}/profile")
                    return bool(known["activity"]["interactions"] >= interactions - 1)

                await until(stored, timeout=600)
                before = await readable(stack, home, Path(log.name))
                answered, gone, found = await forget(http, key)
                after = await readable(stack, home, Path(log.name))
    done = sum(found["done"].values())
    print(f"forgotten: key destroyed after {answered:.2f} s, {done:,} rows gone after {gone:.2f} s")
    for what, number in before.items():
        print(f"readable in {what:<20}{number:>6} before {after[what]:>6} after")
    return 0 if gone <= 5 and not any(after.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--interactions", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=20_000)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.interactions, arguments.keys)))
