from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import Table, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.models import IssueRow
from careloop_profile.cleansing.policy import Issue

ISSUE: Table = IssueRow.__table__  # type: ignore[attr-defined]

_OUTDATE = text("""
    UPDATE quality_issue AS issue SET state = 'outdated'
    FROM unnest(CAST(:customers AS uuid[]), CAST(:fields AS text[])) AS changed (customer_id, field)
    WHERE issue.customer_id = changed.customer_id AND issue.field = changed.field AND issue.state = 'open'
""")


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write issues down, once. One that was settled by another value is open again when the old one comes back."""
    statement = insert(ISSUE)
    again = {"state": statement.excluded.state, "noted_at": statement.excluded.noted_at}
    replaced = or_(
        ISSUE.c.state == "outdated", and_(ISSUE.c.state == "accepted", ISSUE.c.value_sealed.is_not(None))
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=[ISSUE.c.id], set_=again, where=replaced), rows
    )


async def outdate(session: AsyncSession, changed: Sequence[tuple[UUID, str]]) -> None:
    """What was open about these fields of these customers is about values that they no longer have."""
    customers, fields = zip(*changed, strict=True)
    await session.execute(_OUTDATE, {"customers": list(customers), "fields": list(fields)})


async def page(
    session: AsyncSession, filters: dict[str, Any], *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Issue]:
    """Issues, the newest first."""
    wanted = select(ISSUE).where(
        *(ISSUE.c[name] == value for name, value in filters.items() if value is not None)
    )
    newest_first = keyset.backward(wanted, ISSUE.c.noted_at, ISSUE.c.id, before=before, limit=limit)
    return [Issue(*row) for row in await session.execute(newest_first)]


async def get(session: AsyncSession, issue_id: UUID) -> Issue | None:
    row = (await session.execute(select(ISSUE).where(ISSUE.c.id == issue_id))).one_or_none()
    return None if row is None else Issue(*row)


async def decide(session: AsyncSession, issue: Issue, state: str, *, now: datetime, by: str) -> Issue:
    """Close an issue; what is accepted settles whatever else is open about the same field."""
    same_field = and_(ISSUE.c.customer_id == issue.customer_id, ISSUE.c.field == issue.field)
    about = same_field if state == "accepted" else ISSUE.c.id == issue.id
    await session.execute(
        update(ISSUE).where(about, ISSUE.c.state == "open").values(state=state, decided_at=now, decided_by=by)
    )
    return replace(issue, state=state, decided_at=now, decided_by=by)


async def doubtful(session: AsyncSession) -> dict[tuple[str, str], tuple[int, int, int]]:
    """By source and field: customers with something open, with nothing to be made of it, and repaired."""
    customers = func.count(ISSUE.c.customer_id.distinct())
    statement = select(
        ISSUE.c.source,
        ISSUE.c.field,
        customers.filter(ISSUE.c.state == "open", ISSUE.c.value_sealed.is_not(None)),
        customers.filter(ISSUE.c.state == "open", ISSUE.c.value_sealed.is_(None)),
        customers.filter(ISSUE.c.state == "applied"),
    ).group_by(ISSUE.c.source, ISSUE.c.field)
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in await session.execute(statement)}
