"""The rule language: whether Python, PostgreSQL and DuckDB agree on random cases, and what an evaluation costs.

    python tests/bench/rules.py [--cases 150000] [--moves 20000] [--seed N]

Rules are well typed and random over a catalogue with every type; values have edges and gaps. Batches of rules are evaluated
by one fused function and by one SELECT in each database over the same values, as of a moment that one zone after the other
tells. The moments at which rules change their mind
by time alone are held against evaluations before them. Ends with status 1 on a difference.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from itertools import combinations, cycle
from zoneinfo import ZoneInfo

from _rule_costs import duckdb_costs, many_costs, python_costs, sql_costs
from careloop_common.database import asyncpg_url
from careloop_common.rules import (
    attributes,
    compile_python,
    next_change,
    to_text,
    uses_now,
)
from careloop_common.testing.rules import EXACT, NOW, RandomCases, before, differences, told
from careloop_common.testing.servers import own_postgres
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

BATCH = 40
"""Random rules in a SELECT, and rows that it goes over."""
SHOWN = 5
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12")
"""Where the days of dates begin, in turn."""


async def agreement(connection: AsyncConnection, cases: int, seed: int) -> int:
    """How many cases differ; the first of them are printed."""
    done = true = apart = 0
    pairs: Counter[tuple[str, str]] = Counter()
    told = cycle([NOW.astimezone(ZoneInfo(zone)) for zone in ZONES])
    while done < cases:
        now = next(told)
        dice = RandomCases(seed + done)
        rules = [*EXACT, *(dice.rule() for _ in range(BATCH))]
        rows = [dice.values() for _ in range(BATCH)]
        for found in await differences(connection, rules, rows, now):
            pairs.update(
                pair
                for pair in combinations(found.answers, 2)
                if len({found.answers[one] for one in pair}) > 1
            )
            if sum(pairs.values()) <= SHOWN:
                used = {name: found.values[name] for name in sorted(attributes(found.rule))}
                print(f"DIFFERENT  {to_text(found.rule)}\n  {used}\n  {dict(found.answers)}")
        fused = compile_python(rules)(rows[0], now)
        apart += fused != [compile_python([rule])(rows[0], now)[0] for rule in rules]
        true += sum(fused)
        done += len(rules) * BATCH
    print(f"{'cases':<34}{done:>12,}   seed {seed}; {true * BATCH / done:.0%} true of those sampled")
    for pair in combinations(("Python", "PostgreSQL", "DuckDB"), 2):
        print(f"{'differences, ' + ' and '.join(pair):<34}{pairs[pair]:>12,}")
    print(f"{'differences, fused and alone':<34}{apart:>12,}")
    return sum(pairs.values()) + apart


def moves(cases: int, seed: int) -> int:
    """How many of the moments of `next_change` are too late: the rule says something else before."""
    done = late = found = exact = 0
    while done < cases:
        seed += 1
        dice = RandomCases(seed)
        rule, values = dice.rule(), dice.values()
        zone = ZoneInfo(ZONES[seed % len(ZONES)])
        if not uses_now(rule):
            continue
        done += 1
        evaluate = compile_python([rule])
        now = NOW.astimezone(zone)
        held, change = evaluate(values, now), next_change(rule, values, now)
        late += any(evaluate(values, moment) != held for moment in before(change, now, random.Random(seed)))
        if change:
            found += 1
            exact += evaluate(values, told(change, zone)) != held
    print(f"{'rules that move':<34}{done:>12,}")
    print(f"{'that change, and at that moment':<34}{found:>12,}   {exact / found:.0%}")
    print(f"{'that change before it':<34}{late:>12,}")
    return late


async def run(url: str, given: argparse.Namespace) -> int:
    engine = create_async_engine(asyncpg_url(url), connect_args={"server_settings": {"jit": "off"}})
    async with engine.connect() as connection:
        started = time.perf_counter()
        different = await agreement(connection, given.cases, given.seed) + moves(given.moves, given.seed)
        print(f"{'took':<34}{time.perf_counter() - started:>12.0f} s")
        python_costs(given.seed)
        many_costs(given.seed)
        await sql_costs(connection, given.rows)
    duckdb_costs(given.files)
    await engine.dispose()
    return 1 if different else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=150_000)
    parser.add_argument("--moves", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=300_000, help="of the table in PostgreSQL")
    parser.add_argument("--files", type=int, default=1_000_000, help="rows of the Parquet file")
    parser.add_argument("--seed", type=int, default=2026)
    given = parser.parse_args()
    with own_postgres() as url:
        return asyncio.run(run(url, given))


if __name__ == "__main__":
    sys.exit(main())
