"""Many tickets, fast: a few are opened through the API, and their rows are then copied within the database."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

import aiohttp
import asyncpg
from careloop_ticketing.search import policy

T = TypeVar("T")

COMPLAINTS = (
    ("hotline", "手机信号很差", "家里一直没有信号,打电话老是断线,已经报修三次了"),
    ("app_android", "多扣了话费", "这个月账单多扣了五十八元,没有订过这个套餐,要求退费"),
    ("web", "Slow broadband", "The line drops every evening and nobody calls me back"),
    ("store_pos", "排队太久", "营业厅办理过户等了两个小时,态度还不好"),
)
SHOWN = ("ticket", "sla_clock", "sla_interval")
"""Tables that a list of tickets reads."""
_KEYS = {
    "ticket": "id",
    "ticket_history": "ticket_id",
    "sla_clock": "subject_id",
    "sla_interval": "subject_id",
    "timer": "owner_id",
}
"""Tables with the rows of a ticket, the referenced ones first, and the column that names it."""


async def open_templates(http: aiohttp.ClientSession) -> list[UUID]:
    """Open one ticket per complaint, as a front-end would."""
    opened = []
    for channel, subject, description in COMPLAINTS:
        body = {"channel": channel, "subject": subject, "description": description}
        async with http.post("/v1/tickets", json=body) as answer:
            ticket = await answer.json()
            assert answer.status == 201, ticket
        opened.append(UUID(ticket["id"]))
    return opened


async def copy(
    database: asyncpg.Connection,
    templates: Sequence[UUID],
    count: int,
    *,
    later: timedelta,
    over: timedelta = timedelta(),
    tables: Collection[str] = tuple(_KEYS),
    texts: Sequence[str] = (),
) -> None:
    """Make `count` tickets out of the templates, as if they had been opened so much `later`, and `over` some time.

    With these texts, if any, in place of those of the templates.
    """
    async with database.transaction():
        await database.execute(
            "CREATE TEMP TABLE copies (template uuid, copy uuid, n bigint, later interval, text text) ON COMMIT DROP"
        )
        await database.execute(
            "INSERT INTO copies SELECT ($1::uuid[])[1 + n % cardinality($1)], uuidv7(), nextval('ticket_number'),"
            " $3::interval + $4::interval * (n::float / $2::int), ($5::text[])[n] FROM generate_series(1, $2::int) AS n",
            list(templates),
            count,
            later,
            over,
            list(texts),
        )
        for table in tables:
            await _copy_rows(database, table, _KEYS[table], described=bool(texts))
        if texts:
            await _index_words(database, texts)


async def _copy_rows(database: asyncpg.Connection, table: str, key: str, *, described: bool) -> None:
    columns = await database.fetch(
        "SELECT column_name AS name, data_type AS type FROM information_schema.columns"
        " WHERE table_name = $1 AND table_schema = 'public' AND is_identity = 'NO' AND is_generated = 'NEVER'",
        table,
    )
    values = [
        "c.copy"
        if column["name"] == key
        else "'C-bench-' || c.n"
        if column["name"] == "number"
        else "c.text"
        if described and column["name"] == "description"
        else f"t.{column['name']} + c.later"
        if column["type"] == "timestamp with time zone"
        else f"t.{column['name']}"
        for column in columns
    ]
    names = ", ".join(column["name"] for column in columns)
    statement = f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} t JOIN copies c ON c.template = t.{key}"
    await database.execute(statement)


async def copy_with_texts(
    database: asyncpg.Connection, templates: Sequence[UUID], texts: Iterable[str], *, later: timedelta
) -> int:
    """Make a ticket of every text, with clocks but without timers and history, and index them by their words."""
    await database.execute("DROP INDEX ix_search_entry_words")
    count = 0
    for batch in batched(texts, 50_000):
        await copy(database, templates, len(batch), later=later, tables=SHOWN, texts=batch)
        count += len(batch)
    await database.execute("SET maintenance_work_mem = '256MB'")
    await database.execute(
        "CREATE INDEX ix_search_entry_words ON search_entry USING gin (words) WITH (fastupdate = off)"
    )
    return count


async def _index_words(database: asyncpg.Connection, texts: Sequence[str]) -> None:
    rows = await database.fetch("SELECT copy, n FROM copies ORDER BY n")
    entries = []
    for row, text in zip(rows, texts, strict=True):
        words = policy.words_of(text) | {policy.marker(row["n"] // policy.BLOCK)}
        entries.append((row["copy"], row["n"], sorted(words)))
    columns = ("subject_id", "seq", "words")
    await database.copy_records_to_table("search_entry", records=entries, columns=columns)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in lists of `size`, the last one shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


async def first_due(database: asyncpg.Connection, template: UUID) -> datetime:
    """When the first step of a ticket is due."""
    due: datetime = await database.fetchval("SELECT min(due_at) FROM timer WHERE owner_id = $1", template)
    return due


async def fall_due(
    database: asyncpg.Connection,
    templates: Sequence[UUID],
    at: datetime,
    count: int,
    over: timedelta = timedelta(),
) -> None:
    """Copy so many tickets that their first step is due at exactly that instant, or over some time from then on."""
    share, rest = divmod(count, len(templates))
    for number, template in enumerate(templates):
        later = at - await first_due(database, template)
        await copy(database, [template], share + (number < rest), later=later, over=over)


async def tell_lateness(
    database: asyncpg.Connection, since: datetime, until: datetime | None = None
) -> float:
    """How late the steps were taken that were due in this time; returns the 99th percentile in seconds."""
    late = await database.fetchrow(
        "SELECT count(*), percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM escalated_at"
        " - due_at)) AS p FROM escalation WHERE due_at >= $1 AND ($2::timestamptz IS NULL OR due_at < $2)",
        since,
        until,
    )
    p50, p99, most = late["p"] or (0, 0, 0)
    print(
        f"lateness        p50 {p50 * 1e3:,.0f} ms   p99 {p99 * 1e3:,.0f} ms   max {most * 1e3:,.0f} ms"
        f"   of {late['count']:,} steps"
    )
    return float(p99)
