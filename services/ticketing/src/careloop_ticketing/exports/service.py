"""Taking a list out: on record first, then a thousand tickets at a time, in transactions of their own."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from careloop_common.runtime import Runtime
from careloop_common.tokens import Actor
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.exports import policy
from careloop_ticketing.exports.errors import ExportTooLarge
from careloop_ticketing.exports.models import ExportRow
from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.choices import Choice

MOST: Final = 50_000
"""Tickets of one export."""
_BATCH: Final = 1_000
COLUMNS: Final = (
    "number",
    "status",
    "kind",
    "channel",
    "subject",
    "customer_id",
    "region",
    "vip",
    "cause",
    "tier",
    "severity",
    "product",
    "emotion",
    "level",
    "team",
    "assignee_id",
    "opened_at",
    "responded_at",
    "resolved_at",
    "archived_at",
    "outcome",
    "reopened_count",
    "next_due_at",
    "breached",
)


async def record(
    session: AsyncSession, choice: Choice, said: Mapping[str, Any], *, actor: Actor, now: datetime
) -> ExportRow:
    """Put on record who takes these tickets; `ExportTooLarge` if they are too many."""
    found = await queries.ids(session, choice, limit=MOST + 1, now=now)
    if len(found) > MOST:
        raise ExportTooLarge(f"More than {MOST} tickets are chosen.")
    filters = {name: value for name, value in asdict(choice.filters).items() if value is not None}
    row = ExportRow(
        actor_id=actor.id,
        actor_kind=actor.kind,
        exported_at=now,
        chosen_by={name: str(value) for name, value in (filters | dict(said)).items()},
        tickets=len(found),
    )
    session.add(row)
    await session.flush()
    return row


async def exported(runtime: Runtime[Any], choice: Choice, *, now: datetime) -> AsyncIterator[str]:
    """The tickets of a choice as lines of CSV, the newest first."""
    yield policy.BOM + policy.lines([COLUMNS])
    before: UUID | None = None
    left = MOST
    while left > 0:
        async with runtime.database.transaction() as session:
            found = await queries.newest(session, choice, before=before, limit=min(_BATCH, left), now=now)
            late = await tickets.deadlines(session, [ticket.id for ticket in found], now=now)
        if not found:
            return
        rows = [[*(getattr(ticket, name) for name in COLUMNS[:-2]), *late[ticket.id]] for ticket in found]
        yield policy.lines(rows)
        before, left = found[-1].id, left - len(found)


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> list[ExportRow]:
    wanted = keyset.backward(select(ExportRow), col(ExportRow.id), before=before, limit=limit)
    return list((await session.scalars(wanted)).all())
