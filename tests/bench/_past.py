"""Years of an operator in minutes: customers and what happened to them, written by PostgreSQL itself."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import asyncpg
from careloop_common import clock

BUSY: Final = 1000
"""Customers to whom a tenth of everything happens."""
_TABLE: Final = """
    CREATE TABLE {table} (LIKE interaction INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)
"""
_FILL: Final = """
    INSERT INTO {table} (message_uid, occurred_at, customer_id, channel, kind, direction, amount, properties,
                         received_at, time_suspect)
    SELECT CAST(lpad(to_hex(CAST(extract(epoch FROM at) * 1000 AS bigint)), 12, '0') || '8' || substr(digest, 1, 3)
                || '8' || substr(digest, 4, 15) AS uuid),
           at, CAST(md5('past ' || owner) AS uuid),
           (ARRAY['hotline', 'app_android', 'web', 'mini_program', 'store_pos', 'bss', 'oss', 'sms'])[1 + number % 8],
           (ARRAY['call', 'browse', 'usage', 'message', 'payment', 'browse', 'login', 'browse', 'usage', 'call'])[
               1 + number / 8 % 10],
           'inbound', CASE WHEN number / 8 % 10 = 4 THEN 59.9 END,
           CAST('{{"session":"' || digest || '","page":"/plans/5g/details","duration_ms":' || number % 60000 || '}}' AS jsonb),
           at, false
    FROM (
        SELECT number, md5(CAST(number AS text)) AS digest,
               CAST($1 AS timestamptz) + (number - CAST($2 AS bigint)) * CAST($4 AS interval) AS at,
               -- Multiplying by a large prime scatters them, and costs less than dice.
               CASE WHEN number % 10 = 0 THEN number * 7919 / 10 % CAST($5 AS bigint)
                    ELSE number * 2654435761 % CAST($6 AS bigint) END AS owner
        FROM generate_series(CAST($2 AS bigint), CAST($3 AS bigint)) AS number
    ) AS made
"""
_INDEXES: Final = (
    "ALTER TABLE {table} ADD PRIMARY KEY (message_uid, occurred_at)",
    "CREATE INDEX ON {table} (customer_id, occurred_at DESC)",
    "CREATE INDEX ON {table} (message_uid) WHERE time_suspect",
)
_COUNT: Final = """
    INSERT INTO metric_bucket (customer_id, day, channel, kind, count, amount, first_at, last_at)
    SELECT customer_id, CAST(occurred_at AT TIME ZONE 'UTC' AS date) AS day, channel, kind, count(*), coalesce(sum(amount), 0),
           min(occurred_at), max(occurred_at)
    FROM {table} GROUP BY 1, 2, 3, 4 ORDER BY 1
"""
_KEY: Final = "ALTER TABLE metric_bucket {} CONSTRAINT pk_metric_bucket"
_PARTITIONS: Final = (
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'interaction'::regclass"
    " AND inhrelid <> 'interaction_default'::regclass"
)
_CUSTOMERS: Final = """
    INSERT INTO customer (id, version, kind, source, external_id, status, region, vip, care_flags, do_not_disturb,
                          more_quiet, accessibility, declared_devices, attributes, changed_at, created_at, updated_at)
    SELECT CAST(md5('past ' || number) AS uuid), 1, 'individual', 'past', CAST(number AS text), 'active', '华东', false,
           '{{}}', false, '[]', '{{}}', 0, '{{"arpu": 88.5, "plan": "5G-129"}}', '{{}}', now(), now()
    FROM generate_series(0, CAST($1 AS bigint) - 1) AS number
"""


_PLAIN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "version": 1,
        "kind": "individual",
        "source": "crm",
        "status": "active",
        "vip": False,
        "care_flags": [],
        "do_not_disturb": False,
        "more_quiet": "[]",
        "accessibility": [],
        "declared_devices": 0,
        "attributes": "{}",
        "changed_at": "{}",
    }
)
"""What a customer is of whom nothing is said."""


async def put(connection: asyncpg.Connection, some: Iterable[Mapping[str, Any]], *, since: datetime) -> None:
    """Store customers that are known since then; all of them say the same things of themselves."""
    rows = [{**_PLAIN, "created_at": since, "updated_at": since, **one} for one in some]
    await connection.copy_records_to_table(
        "customer", columns=list(rows[0]), records=[tuple(row.values()) for row in rows]
    )


async def customers(connection: asyncpg.Connection, count: int) -> None:
    """So many customers, of whom nothing is known but that they are."""
    await connection.execute(_CUSTOMERS.format(), count)
    await connection.execute("ANALYZE customer")


async def interactions(
    connection: asyncpg.Connection, rows: int, *, days: int, owners: int, counted: bool = False
) -> None:
    """So many interactions in the days up to now, each day in a partition of its own.

    A day is filled before it has indexes and before it is part of the table: that is three times as fast. `counted` are
    customers of whom nothing was counted before.
    """
    began, each = time.perf_counter(), rows // days
    await connection.execute(
        "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '512MB'"
    )
    if counted:
        await connection.execute(_KEY.format("DROP"))
    await _make_room(connection, days)
    for place, day in enumerate(_days(days)):
        table, number = f"interaction_p{day:%Y%m%d}", place * each
        first = datetime(day.year, day.month, day.day, tzinfo=UTC)
        last = min(first + timedelta(days=1), clock.now())
        await connection.execute(_TABLE.format(table=table))
        span = (last - first) / (each + 1)
        await connection.execute(
            _FILL.format(table=table),
            first,
            number,
            number + each - 1,
            span,
            min(BUSY, owners),
            owners,
            timeout=3600,
        )
        for statement in (*_INDEXES, *((_COUNT,) if counted else ())):
            await connection.execute(statement.format(table=table), timeout=3600)
        end = first + timedelta(days=1)
        await connection.execute(
            f"ALTER TABLE interaction ATTACH PARTITION {table} FOR VALUES FROM ('{first}') TO ('{end}')",
            timeout=3600,
        )
    if counted:
        key = _KEY.format("ADD") + " PRIMARY KEY (customer_id, day, channel, kind)"
        await connection.execute(key, timeout=3600)
    await connection.execute("VACUUM (ANALYZE) interaction, metric_bucket", timeout=3600)
    await connection.execute("RESET ALL; CHECKPOINT" if await _superuser(connection) else "RESET ALL")
    print(
        f"{each * days:,} interactions in {days} days, made in {time.perf_counter() - began:.0f} s",
        flush=True,
    )


async def _make_room(connection: asyncpg.Connection, days: int) -> None:
    """Drop the partitions, all empty as yet, in whose place the days come; the worker makes them, once, at its start."""
    while not (rows := await connection.fetch(_PARTITIONS)):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    names = [row[0] for row in rows]
    wanted = list(_days(days))
    for name in names:
        digits = name.removeprefix("interaction_p")
        if digits.isdigit() and any(f"{day:%Y%m%d}".startswith(digits) for day in wanted):
            await connection.execute(f"DROP TABLE {name}")


async def _superuser(connection: asyncpg.Connection) -> bool:
    found: bool = await connection.fetchval("SELECT usesuper FROM pg_user WHERE usename = current_user")
    return found


def _days(days: int) -> Iterator[date]:
    today = clock.now().date()
    return (today - timedelta(days=days - 1 - place) for place in range(days))
