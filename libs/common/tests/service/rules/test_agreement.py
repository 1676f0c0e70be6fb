"""PostgreSQL and DuckDB say what Python says, and never NULL."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import sqlalchemy as sa
from careloop_common.database import asyncpg_url
from careloop_common.rules import NUMBER, TEXT, TEXTS, TIMESTAMP, Catalogue, compile_python, parse, sql
from careloop_common.rules.sql_values import member
from careloop_common.testing.rules import CATALOGUE, COLUMNS, EXACT, NOW, TABLE, RandomCases, differences
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine


@pytest_asyncio.fixture(loop_scope="session")
async def connection(postgres: str) -> AsyncIterator[AsyncConnection]:
    """A connection whose tables are temporary."""
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.connect() as opened:
        yield opened
        await opened.rollback()
    await engine.dispose()


@pytest.mark.parametrize(
    ("seed", "zone"), [(1, "UTC"), (2, "Asia/Shanghai"), (3, "America/New_York"), (4, "Pacific/Kiritimati")]
)
async def test_random_rules_mean_the_same_everywhere(
    connection: AsyncConnection, seed: int, zone: str
) -> None:
    cases = RandomCases(seed)
    rules = [*EXACT, *(cases.rule() for _ in range(30))]
    rows = [cases.values() for _ in range(40)]
    assert await differences(connection, rules, rows, NOW.astimezone(ZoneInfo(zone))) == []


async def test_every_pair_of_edges_is_calculated_and_compared_alike(connection: AsyncConnection) -> None:
    edges = [
        0.0,
        -0.0,
        5e-324,
        -5e-324,
        2.0**-201,
        2.0**-200,
        2.0**-149,
        1e-44,
        0.1,
        1.0,
        -1.0,
        1e14,
        1e15,
        -1e308,
    ]
    edges += [float("nan"), float("inf"), 3.0, 1 / 3, 999_999_999_999_999.9]
    blank = dict.fromkeys(CATALOGUE)
    rows = [
        blank | {"double": left, "json.number": right}
        for left, right in product(edges, repeat=2)
        if abs(right) < 1e309
    ]
    texts = [f"double {op} json.number {than} 0" for op in "+-*/" for than in ("<", "==", ">")]
    texts += [f"double {op} json.number" for op in ("==", "!=", "<", "<=", ">", ">=")]
    texts += [
        "has(double)",
        "double * json.number * double == json.number",
        "double / json.number / json.number > 1",
    ]
    assert await differences(connection, [parse(text, CATALOGUE) for text in texts], rows) == []


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
async def test_the_zone_of_the_session_changes_nothing(connection: AsyncConnection, zone: str) -> None:
    await connection.execute(sa.text(f"SET LOCAL TimeZone = '{zone}'"))
    start = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)  # the night in which New York skips an hour
    blank = dict.fromkeys(CATALOGUE)
    rows = [
        blank | {"seen": start, "due": start + timedelta(hours=hours), "span": timedelta(days=1)}
        for hours in range(30)
    ]
    texts = [
        "seen + span == due",
        "due - seen >= span",
        "due - span < seen",
        "seen + span > due",
        "due == seen",
    ]
    assert await differences(connection, [parse(text, CATALOGUE) for text in texts], rows) == []


async def test_days_and_years_since_are_counted_alike(connection: AsyncConnection) -> None:
    blank = dict.fromkeys(CATALOGUE)
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    times = [
        start + timedelta(microseconds=microseconds)
        for start in (
            NOW,
            leap,
            leap - timedelta(days=366 * 4),
            *(NOW.replace(year=year) for year in (1, 1900, 9998)),
        )
        for days in (-1, 0, 1, 2, 365, 366)
        for microseconds in (days * 86_400_000_000 + step for step in (-1, 0, 1))
    ]
    rows = [blank | {"seen": time, "small": number} for time in times for number in (-1, 0, 2)]
    texts = [f"{name}(seen) {op} small" for name in ("days_since", "age_years") for op in ("<", "==")]
    texts += [f"days_since(seen) == {number}" for number in (-2, -1, 0, 1, 729, 730, 731)]
    texts += ["age_years(seen + duration('36h')) < 2", "age_years(seen) == 2025", "days_since(seen) > 700000"]
    assert await differences(connection, [parse(text, CATALOGUE) for text in texts], rows) == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Etc/GMT+12"])
async def test_days_and_years_of_dates_are_those_of_the_calendar_everywhere(
    connection: AsyncConnection, zone: str
) -> None:
    here = ZoneInfo(zone)
    blank = dict.fromkeys(CATALOGUE)
    days = [date(2024, 2, 29), date(2025, 3, 30), date(2025, 10, 26), date(1988, 7, 1), date(1, 1, 2)]
    begins = [datetime.combine(day, time(), here) for day in days]
    texts = [f"{name}(joined) {op} small" for name in ("days_since", "age_years") for op in ("<", "==")]
    texts += ["days_since(joined) < whole", "days_since(joined) == whole", "age_years(joined) > 2024"]
    rules = [parse(text, CATALOGUE) for text in texts]
    for now in (datetime(2026, 2, 28, tzinfo=here), datetime(2026, 10, 25, 23, 59, 59, 999_999, here)):
        rows = [
            blank
            | {
                "joined": begin,
                "small": now.year - begin.year - late,
                "whole": (now.date() - day).days - late,
            }
            for day, begin in zip(days, begins, strict=True)
            for late in (0, 1)
        ]
        assert await differences(connection, rules, rows, now) == []
        exact = compile_python([rules[5]])
        assert [exact(row, now) for row in rows] == [[True], [False]] * len(days)


async def test_infinite_times_in_a_column_are_missing(connection: AsyncConnection) -> None:
    known = Catalogue({"at": TIMESTAMP})
    for value in (
        "infinity",
        "-infinity",
        "9999-12-31T23:59:59.999999Z",
        "20000-01-01",
        "0044-03-15 BC",
        None,
    ):
        column = sa.cast(sa.literal(value, sa.Text()), sa.DateTime(timezone=True))
        for text in (
            "has(at)",
            "at > now() || at <= now()",
            'at - now() > duration("0s") || at - now() <= now() - at',
        ):
            assert (
                await connection.scalar(sa.select(sql.to_sql(parse(text, known), {"at": column}, NOW)))
                is False
            )


async def test_members_of_another_json_type_are_missing(connection: AsyncConnection) -> None:
    known = Catalogue({"n": NUMBER, "t": TEXT, "l": TEXTS, "at": TIMESTAMP})
    for document in (
        {"n": "1", "t": 1, "l": "a", "at": "tomorrow"},
        {"n": None, "t": None, "l": None, "at": "2026-02-30T00:00:00Z"},
        {"n": [], "t": {}, "l": {"a": 1}, "at": "2026-02-01T00:00:00"},
        {"at": 5},
        [],
        "n",
        None,
    ):
        given = sa.literal(document, JSONB())
        columns = {name: member(given, name, type_) for name, type_ in known.items()}
        for name in known:
            condition = sql.to_sql(parse(f"has({name})", known), columns, NOW)
            assert await connection.scalar(sa.select(condition)) is False, (name, document)


async def test_a_rule_filters_rows_and_its_complement_the_others(connection: AsyncConnection) -> None:
    cases = RandomCases(5)
    rule = parse("double > 1 && word != 'a'", CATALOGUE)
    assert await differences(connection, [rule], [cases.values() for _ in range(100)]) == []
    condition = sql.to_sql(rule, COLUMNS, NOW)
    counts = [
        await connection.scalar(sa.select(sa.func.count()).select_from(TABLE).where(where))
        for where in (condition, sa.not_(condition))
    ]
    assert sum(count or 0 for count in counts) == 100


def test_every_value_of_a_rule_is_a_parameter() -> None:
    rule = parse("word == 'x\\';--' && double in [31415] && now() > seen", CATALOGUE)
    statement = str(sa.select(sql.to_sql(rule, COLUMNS, NOW)))
    for value in ("';--", "31415", "2026"):
        assert value not in statement


def test_a_column_of_another_type_is_a_mistake_of_the_caller() -> None:
    known = Catalogue({"n": NUMBER, "at": TIMESTAMP})
    with pytest.raises(TypeError, match="cannot hold a number"):
        sql.to_sql(parse("n > 1", known), {"n": sa.column("n", sa.Text())}, NOW)
    with pytest.raises(TypeError, match="cannot hold a timestamp"):
        sql.to_sql(parse("at > now()", known), {"at": sa.column("at", sa.DateTime())}, NOW)
    with pytest.raises(KeyError):
        sql.to_sql(parse("n > 1", known), {}, NOW)
    with pytest.raises(ValueError, match="zone"):
        sql.to_sql(parse("n > 1", known), {"n": sa.column("n", sa.Integer())}, NOW.replace(tzinfo=None))
