"""DuckDB says what Python says, and never NULL, over tables and over Parquet files."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb as engine
import pytest
import sqlalchemy as sa
from careloop_common.rules import NUMBER, TEXTS, TIMESTAMP, Catalogue, compile_python, duckdb, parse
from careloop_common.testing.rules import CATALOGUE, EXACT, FLAT, NOW, RandomCases, of_duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import ARRAY


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]))
def test_random_rules_mean_the_same(seed, zone):
    now = NOW.astimezone(ZoneInfo(zone))
    cases = RandomCases(seed)
    rules = [*EXACT, *(cases.rule() for _ in range(10))]
    rows = [cases.values() for _ in range(10)]
    evaluate = compile_python(rules)
    assert [list(answer) for answer in of_duckdb(rules, rows, now)] == [evaluate(row, now) for row in rows]


@pytest.mark.parametrize("text", ["(amount {} {})", "({1} {0} amount)"])
@pytest.mark.parametrize("op", "+-*/")
def test_a_deep_calculation_is_not_written_more_than_once(op, text):
    lengths = []
    for depth in (4, 8):
        calculation = "double"
        for _ in range(depth):
            calculation = text.format(op, calculation)
        condition = duckdb.to_sql(parse(f"{calculation} > 1", CATALOGUE), FLAT.c, NOW)
        lengths.append(len(duckdb.rendered(sa.select(condition))[0]))
    assert lengths[1] < 2 * lengths[0]


def test_every_value_of_a_rule_is_a_parameter():
    rule = parse("word == 'x\\';--' && double in [31415] && now() > seen", CATALOGUE)
    text, parameters = duckdb.rendered(sa.select(duckdb.to_sql(rule, FLAT.c, NOW)))
    for value in ("';--", "31415", "2026"):
        assert value not in text
    assert "x';--" in parameters


def test_small_spans_add_up_beyond_what_a_small_integer_holds():
    rule = parse('duration("2000s") + duration("2000s") > span', CATALOGUE)
    rows = [dict.fromkeys(CATALOGUE) | {"span": timedelta(seconds=1)}]
    assert [list(answer) for answer in of_duckdb([rule], rows)] == [[True]]


@pytest.mark.parametrize(
    ("value", "type_", "rule_type"),
    [
        ("infinity", sa.DateTime(timezone=True), TIMESTAMP),
        ("-infinity", sa.DateTime(timezone=True), TIMESTAMP),
        ("20000-01-01 00:00:00+00", sa.DateTime(timezone=True), TIMESTAMP),
        ("9999-12-31 23:59:59.999999+00", sa.DateTime(timezone=True), TIMESTAMP),
        ("nan", sa.Double(), NUMBER),
        ("-inf", sa.Double(), NUMBER),
        ("1000000000000000", sa.Numeric(38, 0), NUMBER),
        ("999999999999999.99", sa.Numeric(18, 2), NUMBER),
        ("9000000000000000000", sa.BigInteger(), NUMBER),
    ],
)
def test_what_no_value_of_the_language_is_counts_as_missing(value, type_, rule_type):
    column = sa.cast(sa.literal(value, sa.Text()), type_)
    condition = duckdb.to_sql(parse("has(x)", Catalogue({"x": rule_type})), {"x": column}, NOW)
    assert engine.connect().execute(*duckdb.rendered(sa.select(condition))).fetchall() == [(False,)]


def test_a_span_of_more_than_microseconds_can_say_is_missing():
    for written in ("2000000000 days", "9000000 years", "-9000000 years", "3652501 days"):
        column = sa.cast(sa.literal(written, sa.Text()), sa.Interval())
        condition = duckdb.to_sql(parse("has(span)", CATALOGUE), {"span": column}, NOW)
        assert engine.connect().execute(*duckdb.rendered(sa.select(condition))).fetchall() == [(False,)]


def test_a_parquet_file_is_asked(tmp_path):
    known = Catalogue({"fee": NUMBER, "seen": TIMESTAMP, "flags": TEXTS, "amount": NUMBER})
    path = str(tmp_path / "rows.parquet")
    with engine.connect() as opened:
        opened.execute(
            """CREATE TABLE rows AS SELECT n::double AS fee, timestamptz '2026-02-01 00:00:00+00' + n * interval 1 day AS seen,
            CASE WHEN n % 2 = 0 THEN ['quiet'] END AS flags, (n / 10)::decimal(12, 2) AS amount FROM range(30) g(n)"""
        )
        opened.execute(f"COPY rows TO '{path}'")
        stored = sa.func.read_parquet(path).table_valued(
            sa.column("fee", sa.Double()),
            sa.column("seen", sa.DateTime(timezone=True)),
            sa.column("flags", ARRAY(sa.Text())),
            sa.column("amount", sa.Numeric(12, 2)),
        )
        for text in (
            "fee >= 10 && days_since(seen) > 5",
            '!("quiet" in flags) || amount == 1.2',
            "size(flags) == 1",
        ):
            rule = parse(text, known)
            query = sa.select(stored.c.fee).where(duckdb.to_sql(rule, stored.c, NOW))
            found = {fee for (fee,) in opened.execute(*duckdb.rendered(query)).fetchall()}
            rows = [
                {"fee": fee, "seen": seen, "flags": flags, "amount": Decimal(amount)}
                for fee, seen, flags, amount in opened.execute(
                    "SELECT fee, seen, flags, amount FROM rows"
                ).fetchall()
            ]
            assert found == {row["fee"] for row in rows if compile_python([rule])(row, NOW)[0]}
            assert 0 < len(found) < 30


def test_a_column_of_another_type_is_a_mistake_of_the_caller():
    known = Catalogue({"n": NUMBER, "at": TIMESTAMP})
    with pytest.raises(TypeError, match="cannot hold a number"):
        duckdb.to_sql(parse("n > 1", known), {"n": sa.column("n", sa.Text())}, NOW)
    with pytest.raises(TypeError, match="cannot hold a timestamp"):
        duckdb.to_sql(parse("at > now()", known), {"at": sa.column("at", sa.DateTime())}, NOW)
    with pytest.raises(ValueError, match="zone"):
        duckdb.to_sql(parse("n > 1", known), {"n": sa.column("n", sa.Integer())}, NOW.replace(tzinfo=None))
