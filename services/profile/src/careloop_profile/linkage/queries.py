from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import Table, and_, exists, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import CUSTOMER, among
from careloop_profile.linkage.models import LinkageModelRow, MatchReviewRow

MODEL: Table = LinkageModelRow.__table__  # type: ignore[attr-defined]
REVIEW: Table = MatchReviewRow.__table__  # type: ignore[attr-defined]

_BY_THE_NEWEST: Final = ("model_version", "probability", "weight", "fields", "bridge")
_SET_KEYS: Final = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS bigint[])) AS given(customer_id, key)
    ), gone AS (
        DELETE FROM linkage_key AS kept WHERE kept.customer_id = ANY(CAST(:about AS uuid[]))
        AND NOT EXISTS (SELECT FROM given WHERE given.customer_id = kept.customer_id AND given.key = kept.key)
    )
    INSERT INTO linkage_key (customer_id, key) SELECT customer_id, key FROM given ON CONFLICT DO NOTHING
""")
_NEIGHBOURS: Final = text("""
    SELECT asked.key, found.customer_id FROM unnest(CAST(:keys AS bigint[])) AS asked(key)
    CROSS JOIN LATERAL (
        SELECT customer_id FROM linkage_key WHERE linkage_key.key = asked.key LIMIT :most
    ) AS found
""")
_HOLDERS: Final = text("""
    SELECT asked.index, found.customer_id FROM unnest(CAST(:indexes AS text[])) AS asked(index)
    CROSS JOIN LATERAL (
        SELECT customer_id FROM identifier WHERE identifier.blind_index = asked.index LIMIT :most
    ) AS found
""")
_PERSONS_BY_INDEX: Final = text("""
    SELECT asked.index, found.customer_id, coalesce(person_id, found.customer_id)
    FROM unnest(CAST(:indexes AS text[])) AS asked(index)
    CROSS JOIN LATERAL (
        SELECT customer_id FROM identifier WHERE identifier.blind_index = asked.index LIMIT :most
    ) AS found
    LEFT JOIN person_member USING (customer_id)
""")
_PERSONS: Final = text("""
    SELECT id, coalesce(person_id, id) FROM customer LEFT JOIN person_member ON customer_id = id
    WHERE id = ANY(CAST(:ids AS uuid[]))
""")
_STATISTICS: Final = text("""
    SELECT least(floor(probability * 20), 19) / 20 AS least, count(*) FILTER (WHERE state = 'accepted') AS accepted,
           count(*) FILTER (WHERE state = 'rejected') AS rejected
    FROM match_review WHERE kind = 'join' AND state IN ('accepted', 'rejected')
    AND (CAST(:version AS int) IS NULL OR model_version = :version) GROUP BY 1 ORDER BY 1
""")


async def active_version(session: AsyncSession) -> int | None:
    newest: int | None = await session.scalar(select(func.max(MODEL.c.version)))
    return newest


async def models(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[LinkageModelRow]:
    """The newest first."""
    rows = keyset.backward(select(LinkageModelRow), col(LinkageModelRow.version), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def unapplied(session: AsyncSession) -> LinkageModelRow | None:
    """The active model, if not all customers have been compared by it; locked."""
    newest = select(func.max(MODEL.c.version)).scalar_subquery()
    statement = select(LinkageModelRow).where(MODEL.c.version == newest, MODEL.c.applied_at.is_(None))
    return (await session.scalars(statement.with_for_update())).one_or_none()


async def customers_after(session: AsyncSession, cursor: UUID | None, limit: int) -> Sequence[UUID]:
    found = keyset.forward(select(CUSTOMER.c.id), CUSTOMER.c.id, after=cursor, limit=limit)
    return (await session.scalars(found)).all()


async def newest_customers(session: AsyncSession, limit: int) -> Sequence[UUID]:
    newest = select(CUSTOMER.c.id).order_by(CUSTOMER.c.created_at.desc(), CUSTOMER.c.id.desc())
    return (await session.scalars(newest.limit(limit))).all()


async def set_keys(session: AsyncSession, keys: Mapping[UUID, Collection[int]]) -> None:
    """What these customers are found by from now on."""
    # In their order, so that two who write about the same customers do not wait for each other.
    pairs = sorted((customer_id, key) for customer_id, mine in keys.items() for key in mine)
    given = {"ids": [pair[0] for pair in pairs], "keys": [pair[1] for pair in pairs], "about": list(keys)}
    await session.execute(_SET_KEYS, given)


async def neighbours(session: AsyncSession, keys: Collection[int], most: int) -> dict[int, set[UUID]]:
    """Who is found by each key; a key that finds more than `most` tells nobody from the others and finds nobody."""
    found: dict[int, set[UUID]] = {}
    for key, customer_id in await session.execute(_NEIGHBOURS, {"keys": list(keys), "most": most + 1}):
        found.setdefault(key, set()).add(customer_id)
    return {key: holders for key, holders in found.items() if len(holders) <= most}


async def holders(session: AsyncSession, indexes: Collection[str], most: int) -> dict[str, list[UUID]]:
    """Who has each identifier, and of those that more than `most` have, one more than `most`."""
    found: dict[str, list[UUID]] = {}
    for index, customer_id in await session.execute(_HOLDERS, {"indexes": list(indexes), "most": most + 1}):
        found.setdefault(index, []).append(customer_id)
    return found


async def persons_by_index(
    session: AsyncSession, indexes: Collection[str], most: int
) -> dict[str, list[tuple[UUID, UUID]]]:
    """Who has each identifier, with their persons; of those that more than `most` have, one more than `most`."""
    found: dict[str, list[tuple[UUID, UUID]]] = {}
    # In the order of the index, neighbours are read together.
    asked = {"indexes": sorted(indexes), "most": most + 1}
    for index, customer_id, person_id in await session.execute(_PERSONS_BY_INDEX, asked):
        found.setdefault(index, []).append((customer_id, person_id))
    return found


async def persons(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The persons of those of these who are customers."""
    return {row[0]: row[1] for row in await session.execute(_PERSONS, {"ids": list(ids)})}


async def ask(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> dict[tuple[UUID, UUID], UUID]:
    """Put questions of one kind into the queue; returns the ids of those that were not open. One that is open is asked by
    the newer weights, one that was withdrawn or settled is asked again, a decided one never."""
    statement, columns = insert(REVIEW), REVIEW.c
    again = await _ask_again(session, rows)
    asked = statement.on_conflict_do_update(
        index_elements=["one", "other", "kind"],
        set_={name: statement.excluded[name] for name in _BY_THE_NEWEST},
        where=columns.state == "open",
    ).returning(columns.id, columns.one, columns.other)
    new = again | {row["id"] for row in rows}
    found = (await session.execute(asked, rows)).all()
    return {(row.one, row.other): row.id for row in found if row.id in new}


async def _ask_again(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    columns, first = REVIEW.c, rows[0]
    pairs = tuple_(columns.one, columns.other).in_([(row["one"], row["other"]) for row in rows])
    undecided = columns.kind == first["kind"], columns.state.in_(("withdrawn", "settled"))
    statement = update(REVIEW).where(pairs, *undecided)
    begun = {"created_at": first["created_at"], "run_id": first["run_id"]}
    opened = statement.values(state="open", decided_at=None, **begun).returning(columns.id)
    return set((await session.scalars(opened)).all())


async def asked_between(
    session: AsyncSession, ours: Collection[UUID], theirs: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    """The pairs between two persons of whom somebody is being asked."""
    columns = REVIEW.c
    between = or_(
        and_(among(columns.one, list(ours)), among(columns.other, list(theirs))),
        and_(among(columns.one, list(theirs)), among(columns.other, list(ours))),
    )
    waits = columns.state == "open", columns.kind == "join"
    statement = select(columns.one, columns.other).where(*waits, between)
    return {(row.one, row.other) for row in await session.execute(statement)}


async def settle(session: AsyncSession, customers: Collection[UUID], now: datetime) -> None:
    """Nobody need be asked any more about customers who are one person."""
    columns, mine = REVIEW.c, list(customers)
    statement = update(REVIEW).where(
        columns.state == "open",
        columns.kind == "join",
        among(columns.one, mine),
        among(columns.other, mine),
    )
    await session.execute(statement.values(state="settled", decided_at=now))


async def settle_parted(session: AsyncSession, parts: Sequence[Collection[UUID]], now: datetime) -> None:
    """Nobody need be asked any more whether customers who are in several persons are one."""
    columns = REVIEW.c
    for part in parts:
        mine = list(part)
        statement = update(REVIEW).where(
            columns.state == "open",
            columns.kind == "split",
            or_(
                and_(among(columns.one, mine), ~among(columns.other, mine)),
                and_(among(columns.other, mine), ~among(columns.one, mine)),
            ),
        )
        await session.execute(statement.values(state="settled", decided_at=now))


async def end(session: AsyncSession, ids: Collection[UUID], state: str, now: datetime) -> Sequence[UUID]:
    """Nobody need be asked these any more; returns those that were open."""
    statement = update(REVIEW).where(among(REVIEW.c.id, list(ids)), REVIEW.c.state == "open")
    ended = statement.values(state=state, decided_at=now).returning(REVIEW.c.id)
    return (await session.scalars(ended)).all()


async def open_among(session: AsyncSession, ids: Collection[UUID]) -> Sequence[MatchReviewRow]:
    waits = select(MatchReviewRow).where(among(REVIEW.c.id, list(ids)), REVIEW.c.state == "open")
    return (await session.scalars(waits.order_by(REVIEW.c.id))).all()


async def reviews(
    session: AsyncSession,
    *,
    state: str,
    kind: str | None,
    assignee: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[MatchReviewRow]:
    """The newest first."""
    there = [exists().where(CUSTOMER.c.id == side) for side in (REVIEW.c.one, REVIEW.c.other)]
    statement = select(MatchReviewRow).where(REVIEW.c.state == state, *there)
    if kind is not None:
        statement = statement.where(REVIEW.c.kind == kind)
    if assignee is not None:
        statement = statement.where(REVIEW.c.assignee == assignee)
    rows = keyset.backward(statement, col(MatchReviewRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def review(session: AsyncSession, review_id: UUID, *, lock: bool = False) -> MatchReviewRow | None:
    return await session.get(MatchReviewRow, review_id, with_for_update=lock or None, populate_existing=lock)


async def waiting(session: AsyncSession) -> tuple[int, int, datetime | None]:
    """How many questions are open, how many of them nobody's, and since when the oldest is."""
    columns = REVIEW.c
    nobody = func.count().filter(columns.assignee.is_(None))
    statement = select(func.count(), nobody, func.min(columns.created_at)).where(columns.state == "open")
    row = (await session.execute(statement)).one()
    return row[0], row[1], row[2]


async def decisions(session: AsyncSession, version: int | None) -> Sequence[Any]:
    """What people said, by the probability that they were asked with, in steps of a twentieth."""
    return (await session.execute(_STATISTICS, {"version": version})).all()
