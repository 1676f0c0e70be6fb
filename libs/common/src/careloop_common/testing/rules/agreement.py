"""Whether the back ends agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb as engine
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from careloop_common.rules import Rule, compile_python, duckdb, parse
from careloop_common.rules.literals import write_timestamp
from careloop_common.rules.sql import to_sql
from careloop_common.rules.values import MICROSECOND
from careloop_common.testing.rules.stored import CATALOGUE, COLUMNS, FLAT, MEMBERS, NOW, STORED, TABLE

EXACT = tuple(
    parse(f"double {op} json.number {than} decimal", CATALOGUE) for op in "+-*/" for than in ("==", "<", ">")
)
"""Rules that see the last bit of a calculation: `decimal` is often its result."""


Answer = bool | None


@dataclass(frozen=True)
class Difference:
    """One case on which the back ends disagree; an answer is None where a database said NULL."""

    rule: Rule
    values: Mapping[str, Any]
    answers: Mapping[str, Answer]


async def differences(
    connection: AsyncConnection,
    rules: Sequence[Rule],
    cases: Sequence[Mapping[str, Any]],
    now: datetime = NOW,
) -> list[Difference]:
    """The pairs of `rules` and `cases` (as `RandomCases.values` gives them) on which the back ends disagree."""
    evaluate = compile_python(rules)
    answers: dict[str, Sequence[Sequence[Answer]]] = {
        "Python": [evaluate(values, now) for values in cases],
        "PostgreSQL": await _of_postgresql(connection, rules, cases, now),
        "DuckDB": of_duckdb(rules, cases, now),
    }
    return list(_compared(rules, cases, answers))


def of_duckdb(
    rules: Sequence[Rule], cases: Sequence[Mapping[str, Any]], now: datetime = NOW
) -> list[Sequence[Answer]]:
    """What DuckDB says of each case: the truth values of the rules in their order."""
    conditions = [duckdb.to_sql(rule, FLAT.c, now).label(f"r{number}") for number, rule in enumerate(rules)]
    query = sa.select(*conditions).select_from(FLAT).order_by(FLAT.c.id)
    with engine.connect() as opened:
        opened.execute(duckdb.rendered(CreateTable(FLAT))[0])
        for number, values in enumerate(cases):
            row = {
                column.name: _flat(column, values[column.name]) for column in FLAT.c if column.name != "id"
            }
            opened.execute(*duckdb.rendered(sa.insert(FLAT).values(id=number, **row)))
        return list(opened.execute(*duckdb.rendered(query)).fetchall())


def _compared(
    rules: Sequence[Rule],
    cases: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Sequence[Sequence[Answer]]],
) -> Iterator[Difference]:
    for values, *rows in zip(cases, *answers.values(), strict=True):
        for rule, *said in zip(rules, *rows, strict=True):
            if not said[0] is said[1] is said[2]:
                yield Difference(rule, values, dict(zip(answers, said, strict=True)))


async def _of_postgresql(
    connection: AsyncConnection, rules: Sequence[Rule], cases: Sequence[Mapping[str, Any]], now: datetime
) -> list[Sequence[Answer]]:
    await _store(connection, cases)
    conditions = [to_sql(rule, COLUMNS, now).label(f"r{number}") for number, rule in enumerate(rules)]
    query = sa.select(*conditions).select_from(TABLE).order_by(TABLE.c.id)
    return list((await connection.execute(query, execution_options={"compiled_cache": None})).all())


async def _store(connection: AsyncConnection, cases: Sequence[Mapping[str, Any]]) -> None:
    await connection.run_sync(TABLE.drop, checkfirst=True)
    await connection.run_sync(TABLE.create)
    rows = []
    for number, values in enumerate(cases):
        row = {name: values[name] for name in STORED} | {"id": number}
        row["ticks"] = None if values["ticks"] is None else values["ticks"] // MICROSECOND
        row["document"] = {name: _json(values[name]) for name in MEMBERS if values[name] is not None}
        rows.append(row)
    await connection.execute(sa.insert(TABLE), rows)


def _flat(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, sa.Double):
        return float(value)
    return (
        value // MICROSECOND
        if isinstance(column.type, sa.BigInteger) and isinstance(value, timedelta)
        else value
    )


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_timestamp(value)
    return value // MICROSECOND if isinstance(value, timedelta) else value
