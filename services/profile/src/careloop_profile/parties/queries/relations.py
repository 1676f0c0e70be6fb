from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset, records
from sqlalchemy import ColumnElement, Table, and_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import CUSTOMER, among
from careloop_profile.parties.models import RelationRow
from careloop_profile.parties.policy.decisions import Edge
from careloop_profile.parties.policy.relations import Claim

RELATION: Table = RelationRow.__table__  # type: ignore[attr-defined]
_CHANGING: Final = 0x70617274
"""Advisory locks of those who change what somebody is to others."""

_HOLD_ALL: Final = text("SELECT pg_advisory_xact_lock(CAST(CAST(:lock AS int) AS bigint))")
_MOST_HELD: Final = 200
"""Locks that one transaction takes; who needs more has it all."""
_HOLD: Final = text("""
    WITH shared AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(CAST(CAST(:lock AS int) AS bigint)))
    SELECT pg_advisory_xact_lock(:lock, place) FROM (
        SELECT DISTINCT hashtext(CAST(id AS text)) AS place FROM unnest(CAST(:ids AS uuid[])) AS id ORDER BY place
    ) AS held, shared
""")
# The span of each step is the time for which all steps before it hold, too.
_COMES_BACK: Final = text("""
    WITH RECURSIVE line (person_id, since, until) AS (
        SELECT CAST(:beginning AS uuid), CAST(:since AS date), CAST(:until AS date)
        UNION
        SELECT coalesce(person_member.person_id, relationship.to_id),
               greatest(line.since, valid_from), least(line.until, valid_to)
        FROM line
        CROSS JOIN LATERAL (
            SELECT line.person_id AS customer_id
            UNION SELECT customer_id FROM person_member WHERE person_member.person_id = line.person_id
        ) AS whole
        JOIN relationship ON relationship.from_id = whole.customer_id
        LEFT JOIN person_member ON person_member.customer_id = relationship.to_id
        WHERE kind = :kind AND state <> 'dismissed'
        AND (CAST(:organizations AS uuid[]) IS NULL OR organization_id = ANY(CAST(:organizations AS uuid[])))
        AND coalesce(greatest(line.since, valid_from) < least(line.until, valid_to), true)
    )
    SELECT EXISTS (SELECT FROM line WHERE line.person_id = :person_id)
""")
# A row of arrays for each kind, for there may be thousands of each, and a row costs more to read than what is in it.
_IN_ORGANIZATION: Final = text("""
    SELECT kind, array_agg(coalesce(ours.person_id, from_id)), array_agg(coalesce(theirs.person_id, to_id)),
           array_agg(role), array_agg(title), array_agg(influence), array_agg(stance), array_agg(rapport),
           array_agg(preference)
    FROM relationship
    LEFT JOIN person_member AS ours ON ours.customer_id = from_id
    LEFT JOIN person_member AS theirs ON theirs.customer_id = to_id
    WHERE organization_id = ANY(CAST(:organizations AS uuid[])) AND state = 'confirmed'
    AND valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)
    GROUP BY kind
""")
_KIN_OF: Final = (
    "SELECT kin.customer_id FROM person_member AS mine JOIN person_member AS kin USING (person_id)"
    " WHERE mine.customer_id = {}"
)
_PROPOSED: Final = {"id": "uuid", "from_id": "uuid", "to_id": "uuid", "state": "text", "evidence": "text"}
# Who was said not to be family, or not to be any more, is not proposed again, whichever customer of theirs it was said of.
_PROPOSE: Final = text(f"""
    INSERT INTO relationship (id, kind, from_id, to_id, state, evidence, source, valid_from, created_at, created_by)
    SELECT id, 'family', from_id, to_id, state, evidence, 'careloop', :day, :now, :by
    FROM {records.given(_PROPOSED)} CROSS JOIN LATERAL (
        SELECT array(SELECT new.from_id UNION {_KIN_OF.format("new.from_id")}) AS ours,
               array(SELECT new.to_id UNION {_KIN_OF.format("new.to_id")}) AS theirs
    ) AS whole WHERE NOT EXISTS (
        SELECT FROM relationship AS known WHERE known.kind = 'family' AND (
            known.from_id = ANY(ours) AND known.to_id = ANY(theirs)
            OR known.from_id = ANY(theirs) AND known.to_id = ANY(ours)
        )
    )
    RETURNING id
""")  # noqa: S608


async def hold(session: AsyncSession, ids: Collection[UUID]) -> None:
    """Nobody else relates these to anybody until the end of the transaction."""
    if len(ids) > _MOST_HELD:
        await hold_all(session)
    else:
        await session.execute(_HOLD, {"lock": _CHANGING, "ids": list(ids)})


async def hold_all(session: AsyncSession) -> None:
    """Nobody else relates anybody until the end of the transaction."""
    await session.execute(_HOLD_ALL, {"lock": _CHANGING})


async def kinds(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """Of which kind those of these are who are customers."""
    statement = select(CUSTOMER.c.id, CUSTOMER.c.kind).where(among(CUSTOMER.c.id, list(ids)))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def overlapping(
    session: AsyncSession, claim: Claim, rival: Mapping[str, Any], members: Mapping[UUID, Sequence[UUID]]
) -> UUID | None:
    """A relation that agrees with the rival while the claim holds; `members` are the customers of each person."""
    columns = RELATION.c
    agreeing = [
        among(columns[name], members[value])
        if value in members
        else columns[name].is_not_distinct_from(value)
        for name, value in rival.items()
    ]
    agreeing += [columns.state != "dismissed", columns.valid_to.is_distinct_from(columns.valid_from)]
    agreeing.append(or_(columns.valid_to.is_(None), columns.valid_to > claim.valid_from))
    if claim.valid_to is not None:
        agreeing.append(columns.valid_from < claim.valid_to)
    found: UUID | None = await session.scalar(select(columns.id).where(*agreeing).limit(1))
    return found


async def comes_back(
    session: AsyncSession,
    claim: Claim,
    beginning: UUID,
    person_id: UUID,
    organizations: Sequence[UUID] | None,
) -> bool:
    """Whether the line of this kind leads from the person `beginning` to the other one while the claim holds."""
    given = {"kind": claim.kind.value, "since": claim.valid_from, "until": claim.valid_to}
    ends = {"beginning": beginning, "person_id": person_id, "organizations": organizations}
    return bool(await session.scalar(_COMES_BACK, given | ends))


async def get(session: AsyncSession, relation_id: UUID, *, lock: bool = False) -> RelationRow | None:
    return await session.get(RelationRow, relation_id, with_for_update=lock or None, populate_existing=lock)


def holding(day: date) -> list[ColumnElement[bool]]:
    """Relations that hold on a day, also those that are only proposed."""
    columns = RELATION.c
    return [
        columns.state != "dismissed",
        columns.valid_from <= day,
        or_(columns.valid_to.is_(None), columns.valid_to > day),
    ]


async def of_customers(
    session: AsyncSession,
    customer_ids: Collection[UUID],
    *,
    day: date | None,
    kinds: Collection[str] | None = None,
) -> Sequence[RelationRow]:
    """What these customers are to others, and others to them: on a day, or ever; the oldest first."""
    mine = list(customer_ids)
    statement = select(RelationRow).where(or_(among(RELATION.c.from_id, mine), among(RELATION.c.to_id, mine)))
    if day is not None:
        statement = statement.where(*holding(day))
    if kinds is not None:
        statement = statement.where(among(RELATION.c.kind, list(kinds)))
    return (await session.scalars(statement.order_by(RELATION.c.id))).all()


async def page(
    session: AsyncSession, *, state: str | None, kind: str | None, before: UUID | None, limit: int
) -> Sequence[RelationRow]:
    """The newest first."""
    statement = select(RelationRow)
    for name, value in (("state", state), ("kind", kind)):
        if value is not None:
            statement = statement.where(RELATION.c[name] == value)
    rows = keyset.backward(statement, col(RelationRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def in_organization(session: AsyncSession, organizations: Sequence[UUID], day: date) -> list[Edge]:
    """What holds between the persons of an organisation on a day."""
    rows = await session.execute(_IN_ORGANIZATION, {"organizations": list(organizations), "day": day})
    return [Edge(kind, *said) for kind, *columns in rows for said in zip(*columns, strict=True)]


async def confirm_family(
    session: AsyncSession, ours: Sequence[UUID], theirs: Sequence[UUID], **stamp: Any
) -> None:
    """Who was proposed as family of one of these is."""
    one, other = RELATION.c.from_id, RELATION.c.to_id
    ends = or_(and_(among(one, ours), among(other, theirs)), and_(among(one, theirs), among(other, ours)))
    proposed = update(RELATION).where(RELATION.c.kind == "family", RELATION.c.state == "proposed", ends)
    await session.execute(proposed.values(state="confirmed", **stamp))


async def propose(session: AsyncSession, rows: Sequence[tuple[Any, ...]], **stamp: Any) -> int:
    """Write families down that nobody has spoken of before; returns how many there were."""
    written = await session.execute(_PROPOSE, {"rows": records.encode(_PROPOSED, rows), **stamp})
    return len(written.all())
