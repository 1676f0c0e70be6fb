"""The tags that persons have, and how they came to have them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from careloop_common import keyset, records
from sqlalchemy import Table, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import among, among_ids
from careloop_profile.tags.models import GivenRow, HistoryRow, ValuesRow

VALUES: Table = ValuesRow.__table__  # type: ignore[attr-defined]
HISTORY: Table = HistoryRow.__table__  # type: ignore[attr-defined]
GIVEN: Table = GivenRow.__table__  # type: ignore[attr-defined]
_GROUP: Final = {"person_id": "uuid", "group": "smallint", "held": "jsonb"}
# A text for each person: it takes less to read than a row for each group.
_HELD: Final = text("""
    SELECT person_id, CAST(json_object_agg("group", held) AS text) FROM person_tag
    WHERE person_id = ANY(CAST(:ids AS uuid[]))
    AND (CAST(:groups AS smallint[]) IS NULL OR "group" = ANY(CAST(:groups AS smallint[])))
    GROUP BY person_id
""")
_WRITE: Final = text(f"""
    INSERT INTO person_tag (person_id, "group", held)
    SELECT person_id, "group", held
    FROM {records.given(_GROUP)}
    ORDER BY person_id, "group"
    ON CONFLICT (person_id, "group") DO UPDATE SET held = excluded.held
""")  # noqa: S608
_CHANGES: Final = {"person_id": "uuid", "at": "timestamptz", "cause": "jsonb", "steps": "json"}
# What all the steps of a person have in common is read once.
_REMEMBER: Final = text(f"""
    INSERT INTO tag_history (person_id, code, version, at, before, after, cause)
    SELECT person_id, code, version, at, previous, current, cause
    FROM {records.given(_CHANGES)}
    CROSS JOIN json_to_recordset(steps) AS step (code text, version int, previous jsonb, current jsonb)
""")  # noqa: S608

Held = dict[int, dict[int, Any]]
"""By group the values by the numbers of their definitions."""
_DECODE: Final = msgspec.json.Decoder(Held).decode


class Step(msgspec.Struct, frozen=True, gc=False):
    """One tag that became another. The names are those of events (`TagChange`)."""

    code: str
    version: int
    previous: Any
    current: Any


class Change(NamedTuple):
    """Tags of one person that became others, and what brought that about."""

    person_id: UUID
    steps: Sequence[Step]
    cause: Mapping[str, Any]


_GIVEN: Final = (
    select(GivenRow)
    .where(
        among_ids(GIVEN.c.customer_id),
        GIVEN.c.expires_at.is_(None) | (GIVEN.c.expires_at > bindparam("now")),
    )
    .order_by(GIVEN.c.at, GIVEN.c.customer_id)
)


async def held(
    session: AsyncSession, persons: Collection[UUID], groups: Collection[int] | None = None
) -> dict[UUID, Held]:
    """What these persons have, in these groups or all."""
    asked = {"ids": list(persons), "groups": None if groups is None else list(groups)}
    found: dict[UUID, Held] = {person: {} for person in persons}
    found.update((person, _DECODE(groups)) for person, groups in await session.execute(_HELD, asked))
    return found


async def write(session: AsyncSession, rows: Iterable[tuple[UUID, int, Mapping[int, Any]]]) -> None:
    """Replace these rows of persons who are locked."""
    if given := list(rows):
        await session.execute(_WRITE, {"rows": records.encode(_GROUP, given)})


async def remember(session: AsyncSession, changes: Sequence[Change], now: datetime) -> None:
    """Append to the history, in this order."""
    if changes:
        given = [(person_id, now, cause, steps) for person_id, steps, cause in changes]
        await session.execute(_REMEMBER, {"rows": records.encode(_CHANGES, given)})


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
    return (await session.scalars(_GIVEN, {"ids": list(customers), "now": now})).all()


async def give(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Somebody's word on a tag of a customer, in place of the one before."""
    statement = insert(GIVEN)
    changes = {name: statement.excluded[name] for name in ("value", "source", "at", "by", "expires_at")}
    newer = GIVEN.c.at <= statement.excluded.at
    later = statement.on_conflict_do_update(index_elements=["customer_id", "code"], set_=changes, where=newer)
    await session.execute(later, [dict(row) for row in rows])
