"""Whether the back ends agree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from careloop_common.rules import Rule, compile_python, parse
from careloop_common.rules.literals import write_timestamp
from careloop_common.rules.sql import to_sql
from careloop_common.rules.values import MICROSECOND
from careloop_common.testing.rules.stored import CATALOGUE, COLUMNS, MEMBERS, NOW, STORED, TABLE

EXACT = tuple(
    parse(f"double {op} json.number {than} decimal", CATALOGUE) for op in "+-*/" for than in ("==", "<", ">")
)
"""Rules that see the last bit of a calculation: `decimal` is often its result."""


@dataclass(frozen=True)
class Difference:
    """One case on which the back ends disagree; `sql` is None where PostgreSQL said NULL."""

    rule: Rule
    values: Mapping[str, Any]
    python: bool
    sql: bool | None


async def differences(
    connection: AsyncConnection, rules: Sequence[Rule], cases: Sequence[Mapping[str, Any]]
) -> list[Difference]:
    """The pairs of `rules` and `cases` (as `RandomCases.values` gives them) on which Python and PostgreSQL disagree."""
    await _store(connection, cases)
    conditions = [to_sql(rule, COLUMNS, NOW).label(f"r{number}") for number, rule in enumerate(rules)]
    query = sa.select(*conditions).select_from(TABLE).order_by(TABLE.c.id)
    answers = (await connection.execute(query, execution_options={"compiled_cache": None})).all()
    return list(_compared(rules, cases, answers))


def _compared(
    rules: Sequence[Rule], cases: Sequence[Mapping[str, Any]], answers: Sequence[Sequence[bool | None]]
) -> Iterator[Difference]:
    evaluate = compile_python(rules)
    for values, answer in zip(cases, answers, strict=True):
        for rule, python, sql in zip(rules, evaluate(values, NOW), answer, strict=True):
            if python is not sql:
                yield Difference(rule, values, python, sql)


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


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_timestamp(value)
    return value // MICROSECOND if isinstance(value, timedelta) else value
