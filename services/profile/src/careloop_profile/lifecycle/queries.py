from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from careloop_common import keyset, records
from sqlalchemy import Table, bindparam, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import among, among_ids
from careloop_profile.lifecycle.models import MoveRow, PeriodRow, PersonListRow, RankRow, TermsRow
from careloop_profile.lifecycle.policy.tiers import End, Place, Rank
from careloop_profile.tags.queries.facts import FACT

TERMS: Table = TermsRow.__table__  # type: ignore[attr-defined]
MOVE: Table = MoveRow.__table__  # type: ignore[attr-defined]
RANK: Table = RankRow.__table__  # type: ignore[attr-defined]
PERIOD: Table = PeriodRow.__table__  # type: ignore[attr-defined]
LIST: Table = PersonListRow.__table__  # type: ignore[attr-defined]

_MOVES: Final = {
    "person_id": "uuid",
    "kind": "text",
    "before": "text",
    "after": "text",
    "at": "timestamptz",
    "because": "text",
    "terms_version": "int",
}
_MOVED: Final = text(f"""
    INSERT INTO lifecycle_move ({", ".join(_MOVES)}) SELECT {", ".join(_MOVES)} FROM {records.given(_MOVES)}
""")  # noqa: S608
_RANKS: Final = {
    "person_id": "uuid",
    "tier": "text",
    "due": "text",
    "periods": "smallint",
    "value": "double precision",
    "period": "date",
}
_RANK: Final = text(f"""
    INSERT INTO lifecycle_rank ({", ".join(_RANKS)}) SELECT {", ".join(_RANKS)} FROM {records.given(_RANKS)}
    ORDER BY person_id
    ON CONFLICT (person_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _RANKS if name != "person_id")}
""")  # noqa: S608
# As `tiers.worth` reckons, in the order of `Place`; those who are worth nothing are no measure for the others.
_EDGES: Final = text("""
    WITH ranked AS MATERIALIZED (
        SELECT person_id, joined_at, worth, row_number() OVER (ORDER BY worth DESC, joined_at, person_id) AS place
        FROM (
            SELECT person_id, joined_at, coalesce(
                CASE WHEN jsonb_typeof(attributes->'arpu') = 'number' THEN CAST(attributes->>'arpu' AS double precision) END,
                nullif(CAST(metrics->>'paid.90d' AS double precision), 0) / 3, monthly_fee
            ) AS worth FROM person_fact WHERE status = 'active'
        ) AS persons WHERE worth > 0
    ), reached AS (
        SELECT tier, persons, sum(floor(round(CAST(share * persons AS numeric), 6))) OVER (ORDER BY tier) AS place
        FROM (SELECT count(*) AS persons FROM ranked) AS counted,
            unnest(CAST(:shares AS double precision[])) WITH ORDINALITY AS told (share, tier)
    )
    SELECT persons, last.worth, last.joined_at, last.person_id,
        following.worth, following.joined_at, following.person_id
    FROM reached LEFT JOIN ranked AS last ON last.place = reached.place
    LEFT JOIN ranked AS following ON following.place = reached.place + 1 ORDER BY tier
""")
# Put together once: for everybody who is looked at these are asked.
_IN_FORCE: Final = (
    select(TermsRow)
    .where(TERMS.c.valid_from <= bindparam("now"))
    .order_by(TERMS.c.valid_from.desc(), TERMS.c.version.desc())
    .limit(1)
)
_RANKED: Final = select(RANK).where(among_ids(RANK.c.person_id))
Edge = tuple[Place | None, Place | None]
"""The last one of a tier or a better one, and who follows."""


async def in_force(session: AsyncSession, now: datetime) -> TermsRow | None:
    return (await session.scalars(_IN_FORCE, {"now": now})).one_or_none()


async def terms(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[TermsRow]:
    """The newest first."""
    rows = keyset.backward(select(TermsRow), col(TermsRow.version), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def moved(session: AsyncSession, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await session.execute(_MOVED, {"rows": records.encode(_MOVES, rows)})


async def moves(
    session: AsyncSession, person_id: UUID, *, before: int | None, limit: int
) -> Sequence[MoveRow]:
    """The latest first."""
    statement = select(MoveRow).where(col(MoveRow.person_id) == person_id)
    rows = keyset.backward(statement, col(MoveRow.number), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def stood(session: AsyncSession, persons: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The stages that these persons moved to last."""
    columns = MOVE.c
    mine = select(columns.person_id, columns.after, columns.at).where(
        among(columns.person_id, list(persons)), columns.kind == "stage"
    )
    latest = mine.ext(distinct_on(columns.person_id)).order_by(columns.person_id, columns.number.desc())
    return {
        person: {"stage": stage, "stage_since": since}
        for person, stage, since in await session.execute(latest)
    }


async def ranks(session: AsyncSession, persons: Collection[UUID]) -> dict[UUID, tuple[Rank, date]]:
    """The ranks of these persons, with the month in which each was settled."""
    rows = await session.execute(_RANKED, {"ids": list(persons)})
    return {row.person_id: (Rank(row.tier, row.due, row.periods), row.period) for row in rows}


async def rank(session: AsyncSession, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await session.execute(_RANK, {"rows": records.encode(_RANKS, rows)})


async def rank_of(session: AsyncSession, person_id: UUID) -> RankRow | None:
    return await session.get(RankRow, person_id)


async def period(session: AsyncSession, month: date) -> PeriodRow | None:
    return await session.get(PeriodRow, month)


async def measure(session: AsyncSession, shares: Sequence[float]) -> tuple[list[Edge], int]:
    """Where tiers of these shares of all persons end, each share rounded down; and how many persons that were."""
    rows = (await session.execute(_EDGES, {"shares": list(shares)})).all()
    return [(_place(row[1:4]), _place(row[4:])) for row in rows], rows[0].persons


def _place(row: Sequence[Any]) -> Place | None:
    return None if row[0] is None else Place(*row)


async def begin(
    session: AsyncSession, month: date, ends: Sequence[End | None], persons: int, now: datetime
) -> None:
    row = {"period": month, "ends": msgspec.to_builtins(list(ends)), "persons": persons, "at": now}
    await session.execute(insert(PERIOD).values(row).on_conflict_do_nothing())


def ends_of(row: PeriodRow) -> list[End | None]:
    return msgspec.convert(row.ends, list[End | None])


async def lists(session: AsyncSession) -> Sequence[PersonListRow]:
    return (await session.scalars(select(PersonListRow).order_by(LIST.c.code))).all()


async def make_list(session: AsyncSession, row: Mapping[str, Any]) -> None:
    """Make a list where there is none of its code."""
    await session.execute(insert(LIST).values(row).on_conflict_do_nothing())


async def person_list(session: AsyncSession, code: str, *, lock: bool = False) -> PersonListRow | None:
    return await session.get(PersonListRow, code, with_for_update=lock or None)


async def members(
    session: AsyncSession, condition: sa.ColumnElement[bool], *, after: UUID | None, limit: int
) -> Sequence[Any]:
    """The persons of whom this is so, by their ids."""
    columns = FACT.c
    shown = (columns.person_id, columns.kind, columns.status, columns.stage, columns.tier, columns.region)
    statement = select(*shown, columns.last_seen_at).where(condition)
    return (
        await session.execute(keyset.forward(statement, columns.person_id, after=after, limit=limit))
    ).all()


async def count(session: AsyncSession, condition: sa.ColumnElement[bool]) -> int:
    return await session.scalar(select(sa.func.count()).select_from(FACT).where(condition)) or 0


def of_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The members of stored terms; what is a list there is a tuple here."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
