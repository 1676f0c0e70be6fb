"""The tags that persons have, and how they came to have them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset, records
from sqlalchemy import Table, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import among
from careloop_profile.tags.models import GivenRow, HistoryRow, ValuesRow

VALUES: Table = ValuesRow.__table__  # type: ignore[attr-defined]
HISTORY: Table = HistoryRow.__table__  # type: ignore[attr-defined]
GIVEN: Table = GivenRow.__table__  # type: ignore[attr-defined]
_GROUP: Final = {"person_id": "uuid", "group": "smallint", "held": "jsonb"}
_WRITE: Final = text(f"""
    INSERT INTO person_tag (person_id, "group", held)
    SELECT person_id, "group", held
    FROM {records.given(_GROUP)}
    ORDER BY person_id, "group"
    ON CONFLICT (person_id, "group") DO UPDATE SET held = excluded.held
""")  # noqa: S608
_CHANGE: Final = {
    "person_id": "uuid",
    "code": "text",
    "version": "int",
    "at": "timestamptz",
    "before": "jsonb",
    "after": "jsonb",
    "cause": "jsonb",
}
_REMEMBER: Final = text(f"""
    INSERT INTO tag_history ({", ".join(_CHANGE)}) SELECT {", ".join(_CHANGE)} FROM {records.given(_CHANGE)}
""")  # noqa: S608

Held = dict[int, dict[int, Any]]
"""By group the values by the numbers of their definitions."""


async def held(
    session: AsyncSession, persons: Collection[UUID], groups: Collection[int] | None = None
) -> dict[UUID, Held]:
    """What these persons have, in these groups or all."""
    statement = select(VALUES).where(among(VALUES.c.person_id, list(persons)))
    if groups is not None:
        statement = statement.where(among(VALUES.c.group, list(groups)))
    found: dict[UUID, Held] = {person: {} for person in persons}
    for person, group, values in await session.execute(statement):
        found[person][group] = {int(number): value for number, value in values.items()}
    return found


async def write(session: AsyncSession, rows: Iterable[tuple[UUID, int, Mapping[int, Any]]]) -> None:
    """Replace these rows of persons who are locked."""
    given = [
        (person, group, {str(number): value for number, value in held.items()})
        for person, group, held in rows
    ]
    if given:
        await session.execute(_WRITE, {"rows": records.encode(_GROUP, given)})


async def remember(session: AsyncSession, changes: Sequence[tuple[Any, ...]]) -> None:
    """Append to the history: person, code, version, time, value before and after, cause."""
    if changes:
        await session.execute(_REMEMBER, {"rows": records.encode(_CHANGE, changes)})


async def history(
    session: AsyncSession, person_id: UUID, code: str | None, *, before: int | None, limit: int
) -> Sequence[HistoryRow]:
    """The latest change first."""
    statement = select(HistoryRow).where(col(HistoryRow.person_id) == person_id)
    if code is not None:
        statement = statement.where(col(HistoryRow.code) == code)
    rows = keyset.backward(statement, col(HistoryRow.number), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def last_number(session: AsyncSession) -> int:
    """Up to which number there is history."""
    return await session.scalar(select(func.coalesce(func.max(HISTORY.c.number), 0))) or 0


async def since(session: AsyncSession, person_id: UUID, codes: Collection[str]) -> dict[str, HistoryRow]:
    """The latest change of each of these tags."""
    mine = select(HistoryRow).where(
        col(HistoryRow.person_id) == person_id, among(HISTORY.c.code, list(codes))
    )
    latest = mine.ext(distinct_on(HISTORY.c.code)).order_by(HISTORY.c.code, HISTORY.c.number.desc())
    return {row.code: row for row in await session.scalars(latest)}


async def given(session: AsyncSession, customers: Collection[UUID], now: datetime) -> Sequence[GivenRow]:
    """What somebody gave to these customers and still holds; the latest word last."""
    columns = GIVEN.c
    statement = select(GivenRow).where(
        among(columns.customer_id, list(customers)),
        (columns.expires_at.is_(None)) | (columns.expires_at > now),
    )
    return (await session.scalars(statement.order_by(columns.at, columns.customer_id))).all()


async def give(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Somebody's word on a tag of a customer, in place of the one before."""
    statement = insert(GIVEN)
    changes = {name: statement.excluded[name] for name in ("value", "source", "at", "by", "expires_at")}
    newer = GIVEN.c.at <= statement.excluded.at
    later = statement.on_conflict_do_update(index_elements=["customer_id", "code"], set_=changes, where=newer)
    await session.execute(later, [dict(row) for row in rows])
