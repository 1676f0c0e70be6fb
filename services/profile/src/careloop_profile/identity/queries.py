from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import IDENTIFIER, PERSON, Kinship, among, among_ids
from careloop_profile.identity.models import EvidenceRow, MergeRow
from careloop_profile.identity.policy import Clue, Method

EVIDENCE: Table = EvidenceRow.__table__  # type: ignore[attr-defined]
MERGE: Table = MergeRow.__table__  # type: ignore[attr-defined]
_EVIDENCE = (
    select(EvidenceRow)
    .where(or_(among_ids(EVIDENCE.c.one), among_ids(EVIDENCE.c.other)))
    .order_by(EVIDENCE.c.at, EVIDENCE.c.id)
)
_CHANGES = (
    select(MERGE.c.after, MERGE.c.at)
    .where(
        MERGE.c.customers.contains(bindparam("customer", type_=MERGE.c.customers.type)),
        MERGE.c.at <= bindparam("at"),
    )
    .order_by(MERGE.c.number)
)


def _between(ours: Collection[UUID], theirs: Collection[UUID]) -> Any:
    columns = EVIDENCE.c
    return or_(
        and_(among(columns.one, list(ours)), among(columns.other, list(theirs))),
        and_(among(columns.one, list(theirs)), among(columns.other, list(ours))),
    )


async def clues(session: AsyncSession, customers: Collection[UUID]) -> list[Clue]:
    """The evidence that holds among these customers."""
    among_them = among(EVIDENCE.c.one, list(customers))
    statement = select(EVIDENCE.c.one, EVIDENCE.c.other).where(among_them, EVIDENCE.c.state == "holds")
    return [Clue(*row) for row in await session.execute(statement)]


async def held_by(session: AsyncSession, customers: Collection[UUID]) -> Sequence[EvidenceRow]:
    """The evidence that holds among these customers, the oldest first."""
    columns, mine = EVIDENCE.c, list(customers)
    among_them = among(columns.one, mine), among(columns.other, mine)
    statement = select(EvidenceRow).where(*among_them, columns.state == "holds")
    return (await session.scalars(statement.order_by(columns.at, columns.id))).all()


async def joined_online(session: AsyncSession) -> int:
    """How many pairs a model joined because of customers who came or changed, and not in a run over all."""
    columns = EVIDENCE.c
    mine = (
        columns.method == Method.PROBABILISTIC.value,
        columns.state == "holds",
        ~columns.detail.has_key("run_id"),
    )
    return await session.scalar(select(func.count()).select_from(EVIDENCE).where(*mine)) or 0


async def evidence(session: AsyncSession, customers: Collection[UUID]) -> Sequence[EvidenceRow]:
    """All evidence about these customers, the oldest first, also what holds no more."""
    return (await session.scalars(_EVIDENCE, {"ids": list(customers)})).all()


async def kept_apart(session: AsyncSession, ours: Collection[UUID], theirs: Collection[UUID]) -> bool:
    """Whether somebody said that one of these is not one of those."""
    said = exists().where(_between(ours, theirs), EVIDENCE.c.state == "apart")
    return bool(await session.scalar(select(said)))


async def add_evidence(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write evidence down, once."""
    if rows:
        await session.execute(insert(EVIDENCE).on_conflict_do_nothing(), rows)


async def withdraw(
    session: AsyncSession, ours: Collection[UUID], theirs: Collection[UUID], *, state: str, **stamp: Any
) -> set[Clue]:
    """What said this of one of these and one of those does so no more; returns the pairs it was about."""
    statement = (
        update(EVIDENCE)
        .where(_between(ours, theirs), EVIDENCE.c.state == state)
        .values(state="withdrawn", **stamp)
        .returning(EVIDENCE.c.one, EVIDENCE.c.other)
    )
    return {Clue(*row) for row in await session.execute(statement)}


async def set_persons(session: AsyncSession, kin: Mapping[UUID, Kinship], alone: Collection[UUID]) -> None:
    """Write down which person each customer is, in the order in which they stand; those who are `alone` again are none."""
    if alone:
        await session.execute(delete(PERSON).where(among(PERSON.c.customer_id, list(alone))))
    rows = [
        {"customer_id": key, "place": place, **one._asdict()} for place, (key, one) in enumerate(kin.items())
    ]
    if rows:
        statement = insert(PERSON)
        changes = {name: statement.excluded[name] for name in ("person_id", "place", "since")}
        await session.execute(
            statement.on_conflict_do_update(index_elements=[PERSON.c.customer_id], set_=changes), rows
        )


async def merges_of(
    session: AsyncSession, customer_id: UUID | None, *, before: int | None, limit: int
) -> Sequence[MergeRow]:
    """Merges and what took them back, the newest first; of one customer, or of all."""
    statement = select(MergeRow).order_by(MERGE.c.number.desc()).limit(limit)
    if customer_id is not None:
        statement = statement.where(MERGE.c.customers.contains([customer_id]))
    if before is not None:
        statement = statement.where(MERGE.c.number < before)
    return (await session.scalars(statement)).all()


async def person_at(session: AsyncSession, customer_id: UUID, at: datetime) -> dict[UUID, datetime]:
    """The customers that were one person with this one at an instant, each with since when."""
    since: dict[UUID, datetime] = {}
    for after, then in await session.execute(_CHANGES, {"customer": [customer_id], "at": at}):
        person = next(person for person in after if str(customer_id) in person)
        since = {key: since.get(key, then) for key in map(UUID, person) if key != customer_id}
    return since


async def undone_by(session: AsyncSession, merge_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Of these merges those that were taken back, with what did it."""
    statement = select(MERGE.c.undoes, MERGE.c.id).where(among(MERGE.c.undoes, list(merge_ids)))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def sharing(session: AsyncSession, customer_ids: Collection[UUID], most: int) -> list[set[UUID]]:
    """For every identifier of these customers all who have it, if it is more than one. Of more than `most` there are these
    customers and, of the others, those that make it more than `most`: always the same."""
    mine = among(IDENTIFIER.c.customer_id, list(customer_ids))
    statement = (
        select(IDENTIFIER.c.blind_index, IDENTIFIER.c.customer_id, mine)
        .where(IDENTIFIER.c.blind_index.in_(select(IDENTIFIER.c.blind_index).where(mine)))
        .order_by(IDENTIFIER.c.blind_index, IDENTIFIER.c.customer_id)
    )
    found: dict[str, set[UUID]] = {}
    for index, customer_id, asked in await session.execute(statement):
        holders = found.setdefault(index, set())
        if asked or len(holders) <= most:
            holders.add(customer_id)
    return [holders for holders in found.values() if len(holders) > 1]
