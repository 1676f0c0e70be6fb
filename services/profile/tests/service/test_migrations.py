import random
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from careloop_common import clock
from careloop_profile.interactions import queries as interactions
from careloop_profile.migrations.schema import metadata
from careloop_profile.tags.queries import buckets
from sqlalchemy import text

NOW = clock.now()
IDS = [UUID(int=number) for number in range(1, 6)]
HAPPENED = text("""
    CREATE TABLE happened (
        customer_id uuid, occurred_at timestamptz, channel text, kind text, amount numeric(16, 4), place text
    )
""")
SUMS = """
    SELECT customer_id, channel, count(*) AS interactions, count(*) FILTER (WHERE kind = 'payment') AS payments,
           CAST(coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0) AS numeric(30, 4)) AS amount,
           count(*) FILTER (WHERE kind = 'complaint') AS complaints,
           min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM happened WHERE place <> '{}' GROUP BY 1, 2 ORDER BY 1, 2
"""
BEFORE = text("""
    SELECT customer_id, channel, sum(interactions), sum(payments), sum(amount), sum(complaints), min(first_at), max(last_at)
    FROM (
        SELECT * FROM customer_activity
        UNION ALL
        SELECT customer_id, channel, 1, CAST(kind = 'payment' AS int),
               CASE kind WHEN 'payment' THEN coalesce(amount, 0) ELSE 0 END, CAST(kind = 'complaint' AS int),
               occurred_at, occurred_at
        FROM interaction_news WHERE NOT in_activity
    ) AS seen GROUP BY 1, 2 ORDER BY 1, 2
""")
"""How counters were read while `customer_activity` had all that was counted."""


@pytest.fixture
def execute(runtime):
    async def rows(statement, given=None):
        async with runtime.database.transaction() as session:
            result = await session.execute(statement, given)
            return list(map(tuple, result)) if result.returns_rows else []

    return rows


@pytest.fixture
def migrate(runtime):
    """`await migrate("downgrade")`: takes what 0022 did back, or does it again."""

    def run(connection, step, name):
        migration = import_module(f"careloop_profile.migrations.versions.{name}")
        with Operations.context(MigrationContext.configure(connection)):
            getattr(migration, step)()

    async def stepped(step, name="0022_counted_by_the_day"):
        async with runtime.database.engine.begin() as connection:
            await connection.run_sync(run, step, name)
        await runtime.database.engine.dispose()  # connections know how the tables were

    return stepped


@pytest.fixture
async def happened(execute):
    """What happened to five customers, each with a place: where it is kept."""
    dice = random.Random(22)
    await execute(HAPPENED)
    rows = [
        {
            "id": dice.choice(IDS),
            "at": NOW - timedelta(days=dice.choice([0, 1, 2, 3, 500]), seconds=dice.randrange(9)),
            "channel": dice.choice(["hotline", "web"]),
            "kind": dice.choice(["payment", "complaint", "call"]),
            "amount": dice.choice([None, Decimal(dice.randrange(-(10**16), 10**16)) / 10_000]),
            "place": dice.choice(["sum", "day", "day", "noted and counted", "noted"]),
        }
        for _ in range(400)
    ]
    await execute(text("INSERT INTO happened VALUES (:id, :at, :channel, :kind, :amount, :place)"), rows)
    return await execute(text(SUMS.format("")))


def ours(thing, name, kind, reflected, compare_to):
    """Not the partitions, which are no tables of the code."""
    return not reflected or getattr(thing, "table", thing).name in metadata.tables


async def test_the_migrations_make_exactly_the_tables_that_the_code_knows(runtime):
    def compare(connection):
        return compare_metadata(
            MigrationContext.configure(connection, opts={"include_object": ours}), metadata
        )

    async with runtime.database.engine.connect() as connection:
        assert await connection.run_sync(compare) == []


async def test_counters_are_the_same_after_what_was_counted_is_counted_by_the_day_alone(
    runtime, execute, migrate, happened
):
    await migrate("downgrade")
    await execute(text(f"INSERT INTO customer_activity {SUMS.format('noted')}"))
    await execute(
        text("""
        INSERT INTO metric_bucket
        SELECT customer_id, CAST(occurred_at AT TIME ZONE 'UTC' AS date), channel, kind, count(*),
               coalesce(sum(CAST(amount AS float8)), 0), max(occurred_at)
        FROM happened WHERE place = 'day' GROUP BY 1, 2, 3, 4
    """)
    )
    await execute(
        text("""
        INSERT INTO interaction_news (customer_id, occurred_at, channel, kind, amount, in_activity)
        SELECT customer_id, occurred_at, channel, kind,
               CASE place WHEN 'noted' THEN amount ELSE CAST(CAST(amount AS float8) AS numeric) END, place <> 'noted'
        FROM happened WHERE place LIKE 'noted%'
    """)
    )
    assert await execute(BEFORE) == happened
    await migrate("upgrade")
    assert await execute(interactions.COUNTERS, {"ids": IDS}) == happened
    async with runtime.database.transaction() as session:
        await buckets.fold(session, IDS, NOW)
    assert await execute(interactions.COUNTERS, {"ids": IDS}) == happened
    async with runtime.database.transaction() as session:
        await buckets.forget(session, NOW + timedelta(days=1), 10_000)
    assert await execute(text("SELECT * FROM customer_activity ORDER BY 1, 2")) == happened


async def test_counters_are_the_same_after_a_downgrade(runtime, execute, migrate, happened):
    note = text("""
        INSERT INTO interaction_news (customer_id, occurred_at, channel, kind, amount)
        SELECT customer_id, occurred_at, channel, kind, amount FROM happened WHERE place LIKE :place
    """)
    for place, days in (("sum", -1), ("day", None), ("noted%", None)):
        await execute(note, {"place": place})
        async with runtime.database.transaction() as session:
            if place != "noted%":
                await buckets.fold(session, IDS, NOW)
            if days is not None:
                await buckets.forget(session, NOW - timedelta(days=days), 10_000)
    assert await execute(interactions.COUNTERS, {"ids": IDS}) == happened
    for step, counters, given in (
        ("downgrade", BEFORE, None),
        ("upgrade", interactions.COUNTERS, {"ids": IDS}),
    ):
        await migrate(step)
        assert await execute(counters, given) == happened


async def test_who_was_not_told_of_is_asked_anew_after_a_downgrade(execute, migrate):
    await execute(
        text("INSERT INTO person_fact (person_id, evaluated_at, tell_at) VALUES (:id, now(), :at)"),
        [{"id": IDS[0], "at": NOW}, {"id": IDS[1], "at": None}],
    )
    for step in ("downgrade", "upgrade"):
        await migrate(step, "0023_in_a_flood")
    anew = text("SELECT person_id, evaluated_at IS NULL, tell_at FROM person_fact ORDER BY 1")
    assert await execute(anew) == [(IDS[0], True, None), (IDS[1], False, None)]
