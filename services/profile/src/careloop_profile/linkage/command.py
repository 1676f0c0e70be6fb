"""`careloop-profile train-linkage`: learn a model from the customers that are known."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from careloop_common.runtime import Runtime
from careloop_common.service import Command

from careloop_profile.customers import queries as customers
from careloop_profile.linkage import policy, queries
from careloop_profile.linkage.plan import PLAN
from careloop_profile.linkage.policy import Record
from careloop_profile.linkage.service import Records
from careloop_profile.settings import Settings

_STRETCH = 1_000


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plan", type=Path, help="JSON: fields, keys, comparisons, learn_from; without it our own"
    )
    parser.add_argument("--name", default="trained", help="of the model")
    parser.add_argument("--customers", type=int, default=1_000_000, help="learn from so many at most")
    parser.add_argument("--threads", type=int, default=1)


async def _run(runtime: Runtime[Settings], given: argparse.Namespace) -> int:
    try:
        # Splink and DuckDB are an extra: who scores by a model has no need of them.
        from careloop_profile.linkage import training  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{error}: install careloop-profile[linkage]\n")
        return 2
    plan = json.loads(given.plan.read_text(encoding="utf-8")) if given.plan else PLAN
    records = Records(runtime.vault)
    try:
        known = await _known(runtime, plan, records, given.customers)
        effort = training.Effort(threads=given.threads)
        document = await asyncio.to_thread(training.train, known, plan, records.hashed, effort)
    except (training.NothingToLearn, ValueError, KeyError) as error:
        sys.stderr.write(f"nothing was learnt: {error}\n")
        return 1
    sys.stdout.write(json.dumps({"name": given.name} | document, ensure_ascii=False) + "\n")
    return 0


async def _known(
    runtime: Runtime[Settings], plan: Mapping[str, Any], records: Records, most: int
) -> Sequence[Record]:
    """Customers of people in the plan's spellings; they are in memory only."""
    blank = policy.read(0, {**plan, "comparisons": [], "frequencies": {}, "prior": 0.5})
    known: list[Record] = []
    cursor = None
    while len(known) < most:
        async with runtime.database.transaction() as session:
            following = await queries.customers_after(session, cursor, min(_STRETCH, most - len(known)))
            found = await customers.load(session, following)
        if not following:
            break
        cursor = following[-1]
        known += [
            blank.record(records.raw(one), records.hashed)
            for one in found.values()
            if one.kind == "individual"
        ]
    return known


TRAIN: Command[Settings] = Command(
    "train-linkage",
    "learn from all customers which of them are one person, and write the model",
    _run,
    _arguments,
)
