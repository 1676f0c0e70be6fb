"""What evaluating a rule costs in each back end; a part of `rules.py`."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb as engine
import sqlalchemy as sa
from careloop_common.rules import (
    BOOL,
    NUMBER,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    Rule,
    RuleSet,
    compile_python,
    duckdb,
    next_change,
    one_of,
    parse,
    uses_now,
)
from careloop_common.rules.sql import to_sql
from careloop_common.testing.rules import NOW
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

CATALOGUE = Catalogue(
    {
        "tenure": NUMBER,
        "arpu": NUMBER,
        "plan": one_of("basic", "plus", "pro"),
        "churn": NUMBER,
        "complaints": NUMBER,
        "tags": TEXTS,
        "seen": TIMESTAMP,
    }
)
TYPICAL = 'tenure >= {} && arpu > 100 && plan in ["plus", "pro"] && (churn > 0.7 || complaints >= 2) && !("dnd" in tags)'
CALCULATED = 'arpu * 12 - complaints * 30 > 1000 && now() - seen > duration("72h")'
TABLE = sa.table(
    "care",
    sa.column("tenure", sa.Integer),
    sa.column("arpu", sa.Numeric),
    sa.column("plan", sa.Text),
    sa.column("churn", sa.Double),
    sa.column("complaints", sa.Integer),
    sa.column("tags", ARRAY(sa.Text)),
    sa.column("seen", sa.DateTime(timezone=True)),
)
FILL = """
    CREATE TEMPORARY TABLE care AS
    SELECT n % 60 AS tenure, (n % 3000)::numeric / 10 AS arpu, (ARRAY['basic', 'plus', 'pro'])[1 + n % 3] AS plan,
           n % 1000 / 1000.0::float8 AS churn, n % 5 AS complaints,
           CASE n % 4 WHEN 0 THEN ARRAY['dnd', 'vip'] WHEN 1 THEN ARRAY['vip'] END AS tags,
           timestamptz '2026-02-20' + n * interval '1 second' AS seen
    FROM generate_series(1, :rows) n
"""
PLAIN = """
    SELECT count(*) FROM care WHERE tenure >= 24 AND arpu > 100 AND plan IN ('plus', 'pro')
    AND (churn > 0.7 OR complaints >= 2) AND NOT coalesce('dnd' = ANY (tags), false)
"""


PARQUET = """
    COPY (
        SELECT n % 60 AS tenure, ((n % 3000) / 10)::decimal(12, 2) AS arpu, ['basic', 'plus', 'pro'][1 + n % 3] AS plan,
               n % 1000 / 1000.0::double AS churn, n % 5 AS complaints,
               CASE n % 4 WHEN 0 THEN ['dnd', 'vip'] WHEN 1 THEN ['vip'] END AS tags,
               make_timestamp(1771545600000000 + n * 1000000) AT TIME ZONE 'UTC' AS seen
        FROM range(1, {rows} + 1) generated(n)
    ) TO '{path}'
"""
PLAIN_PARQUET = """
    SELECT count(*) FROM '{path}' WHERE tenure >= 24 AND arpu > 100 AND plan IN ('plus', 'pro')
    AND (churn > 0.7 OR complaints >= 2) AND NOT coalesce(list_contains(tags, 'dnd'), false)
"""
MANY = 300
NUMBERS, TIMES, KINDS, SIGNS = (
    [f"{prefix}{number}" for number in range(count)]
    for prefix, count in (("number", 25), ("time", 8), ("kind", 12), ("sign", 15))
)
WIDE = Catalogue(
    {
        **dict.fromkeys(NUMBERS, NUMBER),
        **dict.fromkeys(TIMES, TIMESTAMP),
        **dict.fromkeys(KINDS, one_of("a", "b", "c")),
        **dict.fromkeys(SIGNS, BOOL),
        "tags": TEXTS,
    }
)
"""As many attributes as hundreds of rules are about."""


def microseconds(call: Callable[[], Any], calls: int) -> float:
    """The best of five, in time of this process: the rest is what else the machine does."""
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(calls):
            call()
        best = min(best, time.process_time() - started)
    return best / calls * 1e6


def _wide(dice: random.Random) -> Iterator[Rule]:
    def leaf() -> str:
        kinds = (
            f"{dice.choice(NUMBERS)} {dice.choice(('>', '>=', '<'))} {dice.randrange(100)}",
            f"{dice.choice(NUMBERS)} > {dice.randrange(100)}",
            f'{dice.choice(KINDS)} in ["a", "b"]',
            dice.choice(SIGNS),
            f"days_since({dice.choice(TIMES)}) > {dice.randrange(90)}",
            f'now() - {dice.choice(TIMES)} > duration("72h")',
            f"{dice.choice(NUMBERS)} * 12 / {dice.choice(NUMBERS)} > 3",
            '!("dnd" in tags)',
        )
        return dice.choice(kinds)

    while True:
        yield parse(f"{leaf()} && {leaf()} && ({leaf()} || {leaf()})", WIDE)


def many_costs(seed: int) -> None:
    """What hundreds of rules cost together, after a change of some inputs, and to find out when they change by time."""
    dice = random.Random(seed)
    rules = dict(zip(range(MANY), _wide(dice), strict=False))
    values: dict[str, Any] = {
        **{name: dice.randrange(100) + 0.5 for name in NUMBERS},
        **{name: NOW - timedelta(hours=dice.randrange(3000)) for name in TIMES},
        **{name: dice.choice("abc") for name in KINDS},
        **{name: dice.random() < 0.5 for name in SIGNS},
        "tags": ["vip"],
    }
    fused, together = compile_python(list(rules.values())), RuleSet(rules)
    print(
        f"{f'Python, each of {MANY} fused':<34}{microseconds(lambda: fused(values, NOW), 200) / MANY:>12.2f} µs"
    )
    for changed in (NUMBERS[:1], [*NUMBERS[:2], *TIMES[:1]], NUMBERS):
        count = len(together.touched(changed))
        cost = microseconds(lambda changed=changed: together.evaluate_changed(values, NOW, changed), 200)
        print(f"{f'{len(changed)} of 61 inputs changed':<34}{cost:>12.1f} µs   {count} of {MANY} rules")
    moving = [rule for rule in rules.values() if uses_now(rule)]
    cost = microseconds(lambda: [next_change(rule, values, NOW) for rule in moving], 3) / len(moving)
    print(f"{'when one changes by time alone':<34}{cost:>12.0f} µs   {len(moving)} rules")


def python_costs(seed: int) -> None:
    """What one evaluation costs alone and among fifty."""
    dice = random.Random(seed)
    values = {
        "tenure": 30,
        "arpu": 128.5,
        "plan": "plus",
        "churn": 0.31,
        "complaints": 2,
        "tags": ["vip", "new"],
    }
    values["seen"] = NOW - timedelta(hours=dice.randrange(100))
    single = compile_python([parse(TYPICAL.format(24), CATALOGUE)])
    calculated = compile_python([parse(CALCULATED, CATALOGUE)])
    fifty = [parse(TYPICAL.format(number), CATALOGUE) for number in range(50)]
    started = time.perf_counter()
    fused = compile_python(fifty)
    compiling = (time.perf_counter() - started) * 1e3
    print(f"{'Python, one rule':<34}{microseconds(lambda: single(values, NOW), 20_000):>12.2f} µs")
    print(
        f"{'Python, one that calculates':<34}{microseconds(lambda: calculated(values, NOW), 20_000):>12.2f} µs"
    )
    print(
        f"{'Python, each of fifty fused':<34}{microseconds(lambda: fused(values, NOW), 1_000) / 50:>12.2f} µs"
    )
    print(f"{'compiling fifty':<34}{compiling:>12.1f} ms")
    parsing = microseconds(lambda: parse(TYPICAL.format(24), CATALOGUE), 500)
    print(f"{'parsing and checking one':<34}{parsing:>12.0f} µs")


async def sql_costs(connection: AsyncConnection, rows: int) -> None:
    """Rows a second that one process of PostgreSQL goes through, beside the condition as one would write it by hand."""
    await connection.execute(sa.text(FILL), {"rows": rows})
    await connection.execute(sa.text("ANALYZE care"))
    await connection.execute(sa.text("SET max_parallel_workers_per_gather = 0"))
    rule = parse(TYPICAL.format(24), CATALOGUE)
    generated = sa.select(sa.func.count()).select_from(TABLE).where(to_sql(rule, TABLE.c, NOW))
    calculated = parse(CALCULATED, CATALOGUE)
    queries = {
        "SQL, one rule": generated,
        "SQL, one that calculates": sa.select(sa.func.count())
        .select_from(TABLE)
        .where(to_sql(calculated, TABLE.c, NOW)),
        "SQL, by hand": sa.text(PLAIN),
    }
    for name, query in queries.items():
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            count = await connection.scalar(query)
            best = min(best, time.perf_counter() - started)
        print(f"{name:<34}{rows / best:>12,.0f} rows/s   {count:,} of {rows:,}")


def duckdb_costs(rows: int) -> None:
    """Rows a second that DuckDB goes through in a Parquet file, beside the condition written by hand."""
    with TemporaryDirectory() as folder, engine.connect() as opened:
        path = str(Path(folder) / "care.parquet")
        opened.execute(PARQUET.format(rows=rows, path=path))
        stored = sa.func.read_parquet(path).table_valued(*(sa.column(c.name, c.type) for c in TABLE.c))
        queries: dict[str, tuple[str, list[Any]]] = {
            name: duckdb.rendered(
                sa.select(sa.func.count())
                .select_from(stored)
                .where(duckdb.to_sql(parse(text, CATALOGUE), stored.c, NOW))
            )
            for name, text in (("one rule", TYPICAL.format(24)), ("one that calculates", CALCULATED))
        }
        queries["by hand"] = PLAIN_PARQUET.format(path=path), []
        for name, query in queries.items():
            best = float("inf")
            for _ in range(3):
                started = time.perf_counter()
                found = opened.execute(*query).fetchone()
                best = min(best, time.perf_counter() - started)
            count = found[0] if found else 0
            print(
                f"{f'DuckDB, {name}':<34}{rows / best:>12,.0f} rows/s   {count:,} of {rows:,} in {best:.2f} s"
            )
