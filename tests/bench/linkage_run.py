"""A run over all customers after they came one by one: how fast it is, what linkage had missed, and that a second finds nothing.

    python tests/bench/linkage_run.py --records 50000

Historical figures with errors become customers in a random order, each batch compared as the worker compares what just
came. Then everybody is compared in a run, at full speed instead of a worker's share, and once more. The truth is looked
at only to say how right what was missed is.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from _linkage import Dataset, historical
from _stack import own_profile
from careloop_common.database import Database
from careloop_common.privacy import Vault
from careloop_common.testing.access import data_keys
from careloop_common.tokens import SYSTEM
from careloop_profile.cleansing.policy import Setting
from careloop_profile.customers import service as customers
from careloop_profile.identity.service import Candidates
from careloop_profile.linkage import policy, training
from careloop_profile.linkage.service import Linker, Records, publish
from careloop_profile.reconciliation import service
from careloop_profile.reconciliation.service import Reconciler
from sqlalchemy import text

DEFAULT = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "linkage"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOUND = ("merged", "proposed", "closed", "bridges", "split", "skipped")
PAIRS = text("SELECT one, other FROM linkage_finding WHERE run_id = :run_id AND kind = :kind")


class Bench:
    def __init__(self, database: Database, dataset: Dataset, order: Sequence[int], batch: int) -> None:
        self.database, self.dataset, self.order, self.batch = database, dataset, order, batch
        self.vault = Vault(data_keys())
        self.records = Records(self.vault)
        self.truth: dict[UUID, str] = {}

    def document(self) -> dict[str, Any]:
        """A model learnt from all records, of which a customer has the values as attributes."""
        fields = [one | {"source": f"attributes.{one['source']}"} for one in self.dataset.plan["fields"]]
        plan = {**self.dataset.plan, "fields": fields}
        blank = policy.read(0, {**plan, "comparisons": [], "frequencies": {}, "prior": 0.5})
        raw = [attributes(self.dataset.raw[number], "attributes.") for number in self.order]
        known = [blank.record(one, self.records.hashed) for one in raw]
        document: dict[str, Any] = training.train(known, plan, self.records.hashed)
        return document | {"name": self.dataset.name}

    async def arrive(self) -> float:
        """Everybody comes, and is compared; returns how long the comparing took."""
        linker, seconds = Linker(self.records, Candidates(self.vault)), 0.0
        for first in range(0, len(self.order), self.batch):
            async with self.database.transaction() as session:
                came = [
                    await self.register(session, number) for number in self.order[first : first + self.batch]
                ]
            began = time.perf_counter()
            async with self.database.transaction() as session:
                await linker.link(session, came, now=NOW)
            seconds += time.perf_counter() - began
        return seconds

    async def register(self, session: Any, number: int) -> UUID:
        customer = await customers.register(
            session, self.vault, {"attributes": attributes(self.dataset.raw[number])},
            key=("bench", str(number)), subscriptions=(), consents=(), setting=Setting(NOW.date()),
            now=NOW, actor=SYSTEM,
        )  # fmt: skip
        self.truth[customer.customer_id] = self.dataset.truth[number]
        return customer.customer_id

    async def run(self) -> dict[str, Any]:
        """A run from its beginning to its end."""
        reconciler = Reconciler(self.vault)
        async with self.database.transaction() as session:
            run_id = (await service.begin(session, now=NOW, actor=SYSTEM)).id
        began, more, longest = time.perf_counter(), True, 0.0
        while more:
            chunk = time.perf_counter()
            async with self.database.transaction() as session:
                more = await reconciler.step(session, now=NOW) is not None
            longest = max(longest, time.perf_counter() - chunk)
        seconds = time.perf_counter() - began
        async with self.database.transaction() as session:
            row = await service.find(session, run_id)
            found = row.model_dump() | {"missed": row.missed, "share": row.missed_share}
        return found | {"seconds": seconds, "longest": longest}

    async def right(self, run_id: UUID, kind: str) -> float:
        """How many of the pairs that a run found so are one person."""
        async with self.database.transaction() as session:
            pairs = (await session.execute(PAIRS, {"run_id": run_id, "kind": kind})).all()
        return sum(self.truth[one] == self.truth[other] for one, other in pairs) / max(len(pairs), 1)


def attributes(raw: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    return {f"{prefix}{name}": value for name, value in raw.items()}


def tell(name: str, run: Mapping[str, Any]) -> None:
    kinds = ", ".join(f"{run[kind]:,} {kind}" for kind in FOUND if run[kind]) or "nothing"
    print(f"  {name:<11}{run['looked_at'] / run['seconds']:,.0f} customers/s, {run['round']} rounds, longest chunk"
          f" {run['longest'] * 1000:.0f} ms: {kinds}")  # fmt: skip


async def measure(dataset: Dataset, records: int, seed: int, batch: int) -> bool:
    order = list(range(len(dataset.raw)))
    random.Random(seed).shuffle(order)
    # Whole persons, however few records there are to be.
    kept = set(
        list(dict.fromkeys(dataset.truth[number] for number in order))[: max(1, records * 5_156 // 50_000)]
    )
    order = [number for number in order if dataset.truth[number] in kept]
    async with own_profile() as database:
        bench = Bench(database, dataset, order, batch)
        document = bench.document()
        async with database.transaction() as session:
            await publish(session, document, now=NOW, actor=SYSTEM)
        seconds = await bench.arrive()
        first = await bench.run()
        print(f"{dataset.name}: {len(order):,} records in a random order, {batch} at a time")
        print(f"  online     {len(order) / seconds:,.0f} customers/s: {first['found_online']:,} pairs")
        tell("full run", first)
        print(f"  missed     {first['missed']:,} pairs online, {first['share']:.2%} of all;"
              f" {await bench.right(first['id'], 'merged'):.4f} of the merges are right")  # fmt: skip
        second = await bench.run()
        tell("second run", second)
    return first["looked_at"] == len(order) and not any(second[kind] for kind in FOUND)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT, help="where the public files are")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=50, help="customers who come together")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    dataset = historical(given.data / "historical_figures_with_errors_50k.parquet", 0.0)
    return 0 if asyncio.run(measure(dataset, given.records, given.seed, given.batch)) else 1


if __name__ == "__main__":
    sys.exit(main())
