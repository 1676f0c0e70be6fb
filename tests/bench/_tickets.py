"""Many tickets, fast: a few are opened through the API, and their rows are then copied within the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import aiohttp
import asyncpg

COMPLAINTS = (
    ("hotline", "手机信号很差", "家里一直没有信号,打电话老是断线,已经报修三次了"),
    ("app_android", "多扣了话费", "这个月账单多扣了五十八元,没有订过这个套餐,要求退费"),
    ("web", "Slow broadband", "The line drops every evening and nobody calls me back"),
    ("store_pos", "排队太久", "营业厅办理过户等了两个小时,态度还不好"),
)
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
) -> None:
    """Make `count` tickets out of the templates, as if they had been opened so much `later`, and `over` some time."""
    async with database.transaction():
        await database.execute(
            "CREATE TEMP TABLE copies (template uuid, copy uuid, n bigint, later interval) ON COMMIT DROP"
        )
        await database.execute(
            "INSERT INTO copies SELECT ($1::uuid[])[1 + n % cardinality($1)], uuidv7(), nextval('ticket_number'),"
            " $3::interval + $4::interval * (n::float / $2::int) FROM generate_series(1, $2::int) AS n",
            list(templates),
            count,
            later,
            over,
        )
        for table, key in _KEYS.items():
            await _copy_rows(database, table, key)


async def _copy_rows(database: asyncpg.Connection, table: str, key: str) -> None:
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
        else f"t.{column['name']} + c.later"
        if column["type"] == "timestamp with time zone"
        else f"t.{column['name']}"
        for column in columns
    ]
    names = ", ".join(column["name"] for column in columns)
    statement = f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} t JOIN copies c ON c.template = t.{key}"
    await database.execute(statement)


async def first_due(database: asyncpg.Connection, template: UUID) -> datetime:
    """When the first step of a ticket is due."""
    due: datetime = await database.fetchval("SELECT min(due_at) FROM timer WHERE owner_id = $1", template)
    return due
