from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import Table, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import CUSTOMER, PERSON
from careloop_profile.linkage.queries import REVIEW
from careloop_profile.reconciliation.models import FindingRow, RunRow
from careloop_profile.reconciliation.policy import State

RUN: Table = RunRow.__table__  # type: ignore[attr-defined]
FINDING: Table = FindingRow.__table__  # type: ignore[attr-defined]

_GROWN: Final = text("""
    SELECT DISTINCT kin.customer_id FROM linkage_finding AS found
    JOIN person_member AS mine ON mine.customer_id = found.one
    JOIN person_member AS kin ON kin.person_id = mine.person_id
    WHERE found.run_id = :run_id AND found.kind = 'merged' AND found.round = :round
    AND (CAST(:after AS uuid) IS NULL OR kin.customer_id > :after) ORDER BY 1 LIMIT :many
""")


async def begin(session: AsyncSession, values: dict[str, Any]) -> UUID | None:
    """Begin a run; None if one is running, or this night has had its own."""
    statement = insert(RUN).values(values).on_conflict_do_nothing().returning(RUN.c.id)
    begun: UUID | None = await session.scalar(statement)
    return begun


async def running(session: AsyncSession, *, lock: bool = False) -> RunRow | None:
    statement = select(RunRow).where(RUN.c.state == State.RUNNING.value)
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def of_night(session: AsyncSession, night: date) -> UUID | None:
    found: UUID | None = await session.scalar(select(RUN.c.id).where(RUN.c.night == night))
    return found


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> Sequence[RunRow]:
    rows = keyset.backward(select(RunRow), col(RunRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def last_done(session: AsyncSession) -> RunRow | None:
    done = select(RunRow).where(RUN.c.state == State.DONE.value)
    return (await session.scalars(done.order_by(RUN.c.id.desc()).limit(1))).one_or_none()


async def customers(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(CUSTOMER)) or 0


async def open_questions(session: AsyncSession, cursor: UUID | None, limit: int) -> Sequence[UUID]:
    """Open questions, the oldest first."""
    waits = select(REVIEW.c.id).where(REVIEW.c.state == "open")
    return (await session.scalars(keyset.forward(waits, REVIEW.c.id, after=cursor, limit=limit))).all()


async def asked_online(session: AsyncSession) -> int:
    """How many pairs people were asked about because of customers who came or changed."""
    mine = REVIEW.c.run_id.is_(None), REVIEW.c.kind == "join", REVIEW.c.state != "settled"
    return await session.scalar(select(func.count()).select_from(REVIEW).where(*mine)) or 0


async def grown(
    session: AsyncSession, run_id: UUID, round_: int, after: UUID | None, many: int
) -> list[UUID]:
    """The next customers of persons whom a round of a run made larger."""
    given = {"run_id": run_id, "round": round_, "after": after, "many": many}
    return list((await session.scalars(_GROWN, given)).all())


async def persons_after(session: AsyncSession, after: UUID | None, fewest: int, many: int) -> list[UUID]:
    """The next persons of so many customers and more."""
    rows = select(PERSON.c.person_id).group_by(PERSON.c.person_id).having(func.count() >= fewest)
    if after is not None:
        rows = rows.where(PERSON.c.person_id > after)
    return list((await session.scalars(rows.order_by(PERSON.c.person_id).limit(many))).all())


async def add_findings(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(FINDING), rows)


async def findings(
    session: AsyncSession, run_id: UUID, *, kinds: Collection[str], after: UUID | None, limit: int
) -> Sequence[FindingRow]:
    """In the order in which they were found."""
    statement = select(FindingRow).where(FINDING.c.run_id == run_id)
    if kinds:
        statement = statement.where(FINDING.c.kind.in_(kinds))
    rows = keyset.forward(statement, col(FindingRow.id), after=after, limit=limit)
    return (await session.scalars(rows)).all()
