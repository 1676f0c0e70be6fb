"""What erasing reaches: every table that says something of a customer. `tests` compare this with the schema."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import CursorResult, Table, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.interactions import queries as interactions
from careloop_profile.privacy.models import (
    AcknowledgementRow,
    ErasureRow,
    LiftRow,
    SuppressionRow,
)

ERASURE: Table = ErasureRow.__table__  # type: ignore[attr-defined]
ACKNOWLEDGEMENT: Table = AcknowledgementRow.__table__  # type: ignore[attr-defined]
SUPPRESSION: Table = SuppressionRow.__table__  # type: ignore[attr-defined]
LIFT: Table = LiftRow.__table__  # type: ignore[attr-defined]

ATTACHING: Final = text("SELECT pg_advisory_xact_lock(1667330661)")
"""The lock of who stores interactions and who gives them to customers: nobody does meanwhile."""

_MINE = "customer_id = ANY(:ids)"
_PERSON = "person_id = ANY(:ids)"
_PAIR = "one = ANY(:ids) OR other = ANY(:ids)"
DELETED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "quality_issue": _MINE,
        "linkage_key": _MINE,
        "match_review": _PAIR,
        "linkage_finding": _PAIR,
        "identity_evidence": _PAIR,
        "person_member": _MINE,
        "birthday": _MINE,
        "relationship": "from_id = ANY(:ids) OR to_id = ANY(:ids) OR organization_id = ANY(:ids) OR"
        " account_id IN (SELECT id FROM account WHERE payer_id = ANY(:ids))",
        "account": "payer_id = ANY(:ids)",
        "consent": _MINE,
        "do_not_disturb": _MINE,
        "customer_trait": _MINE,
        "device": _MINE,
        "subscription": _MINE,
        "interaction_news": _MINE,
        "metric_bucket": _MINE,
        "customer_activity": _MINE,
        "tag_given": _MINE,
        # First the row that is locked while somebody looks at the person, and writes the others.
        "person_fact": _PERSON,
        "person_tag": _PERSON,
        "tag_history": _PERSON,
        "lifecycle_move": _PERSON,
        "lifecycle_rank": _PERSON,
        "import_waiting": "refs && ARRAY(SELECT CAST(id AS text) FROM unnest(CAST(:ids AS uuid[])) AS id"
        f" UNION ALL SELECT blind_index FROM identifier WHERE {_MINE})",
        "interaction_unresolved": f"{_MINE} OR blind_index IN (SELECT blind_index FROM identifier WHERE {_MINE})",
        "identifier": _MINE,
        "timer": "id IN (SELECT id FROM timer WHERE owner_id = ANY(:ids) FOR UPDATE SKIP LOCKED)",
        "timer_history": "owner_id = ANY(:ids)",
        "customer": "id = ANY(:ids)",
    }
)
"""The tables of which rows go at once, with which; in this order. Whoever looks at a person has `person_fact` locked and then
writes the others, so it comes before them; so do days before the sums that become of them."""

# ruff: noqa: S608  (these statements are put together from the constants above)
_DELETE: Final = {name: text(f"DELETE FROM {name} WHERE {which}") for name, which in DELETED.items()}
MOST_EXPORTED: Final = 100_000
_NOT_EXPORTED: Final = {
    "linkage_key", "birthday", "import_waiting", "interaction_news", "metric_bucket", "timer", "timer_history",
}  # fmt: skip
_KEPT: Final = {
    name: text(f"SELECT * FROM {name} WHERE {which}")
    for name, which in DELETED.items()
    if name not in _NOT_EXPORTED
} | {
    "customer_activity": interactions.COUNTERS,
    "interaction": text(
        f"SELECT * FROM interaction WHERE {_MINE} ORDER BY occurred_at DESC LIMIT {MOST_EXPORTED}"
    ),
    "identity_merge": text("SELECT * FROM identity_merge WHERE customers && CAST(:ids AS uuid[])"),
}
_SUPPRESS: Final = text(f"""
    INSERT INTO suppression (blind_index, kind, since)
    SELECT DISTINCT ON (blind_index) blind_index, kind, CAST(:now AS timestamptz) FROM identifier WHERE {_MINE}
    ORDER BY blind_index ON CONFLICT DO NOTHING
""")
_SILENCE: Final = text(
    "UPDATE identity_merge SET reason = '' WHERE customers && CAST(:ids AS uuid[]) AND reason <> ''"
)
_UNSAY: Final = text(
    f"UPDATE import_reject SET value_sealed = NULL, customer_id = NULL WHERE {_MINE} AND customer_id IS NOT NULL"
)
_CUT: Final = text("""
    SELECT occurred_at FROM interaction WHERE customer_id = :id ORDER BY occurred_at DESC OFFSET :many LIMIT 1
""")
_INTERACTIONS: Final = text(
    "DELETE FROM interaction WHERE customer_id = :id AND occurred_at >= CAST(:cut AS timestamptz)"
)
_MESSAGES: Final = tuple(
    (table, text(f"DELETE FROM {table} WHERE {which}"))
    for table, which in (
        (
            "dead_letter",
            "EXISTS (SELECT FROM unnest(CAST(:words AS bytea[])) AS word WHERE position(word IN payload) > 0)",
        ),
        ("outbox_sent", "headers ->> 'ce-subject' = ANY(CAST(:texts AS text[]))"),
    )
)
_LEFT: Final = text("""
    SELECT id FROM customer WHERE status = 'left' AND left_on < :day AND NOT EXISTS (
        SELECT FROM person_member AS mine JOIN person_member AS kin USING (person_id)
        JOIN customer AS other ON other.id = kin.customer_id
        WHERE mine.customer_id = customer.id AND (other.status <> 'left' OR other.left_on >= :day)
    ) ORDER BY left_on, id LIMIT :many
""")
_BEGINNING: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LETTERS: Final = text(
    "SELECT id, body_sealed FROM interaction_dead_letter WHERE id > :after ORDER BY id LIMIT :many"
)
_REJECTS: Final = text("""
    SELECT import_id, line, "column", value_sealed FROM import_reject
    WHERE value_sealed IS NOT NULL AND (import_id, line, "column") > (:import_id, :line, :column)
    ORDER BY import_id, line, "column" LIMIT :many
""")
_EMPTY_REJECTS: Final = text("""
    UPDATE import_reject AS reject SET value_sealed = NULL
    FROM unnest(CAST(:imports AS uuid[]), CAST(:lines AS bigint[]), CAST(:columns AS text[])) AS wrong (import_id, line, name)
    WHERE reject.import_id = wrong.import_id AND reject.line = wrong.line AND reject."column" = wrong.name
""")


async def forget(session: AsyncSession, ids: Collection[UUID], *, now: datetime) -> dict[str, int]:
    """Delete all rows of these customers but their interactions; what they were called by is suppressed.

    Done again when all who looked at them meanwhile have ended, it takes what those have left; a timer that just fires is
    left to who fires it.
    """
    given = {"ids": list(ids)}
    done = {"suppression": await _count(session, _SUPPRESS, given | {"now": now})}
    for name, statement in _DELETE.items():
        done[name] = await _count(session, statement, given)
    done["identity_merge"] = await _count(session, _SILENCE, given)
    done["import_reject"] = await _count(session, _UNSAY, given)
    return {name: number for name, number in done.items() if number}


async def everything(session: AsyncSession, ids: Collection[UUID]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """All rows about these customers, by table; of interactions the latest, as many as go into a document."""
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    for name, statement in _KEPT.items():
        rows = (await session.execute(statement, {"ids": list(ids)})).mappings().all()
        found[name] = [dict(row) for row in rows]
    return found


async def forget_interactions(session: AsyncSession, customer_id: UUID, many: int) -> tuple[int, bool]:
    """Delete about so many interactions of a customer, the latest first; returns how many, and whether there are more."""
    cut = await session.scalar(_CUT, {"id": customer_id, "many": many})
    number = await _count(session, _INTERACTIONS, {"id": customer_id, "cut": cut or _BEGINNING})
    return number, cut is not None


async def forget_messages(session: AsyncSession, ids: Collection[UUID]) -> dict[str, int]:
    """Delete events about these customers that wait to be sent again, and messages that no handler took."""
    words = [word for one in ids for word in (str(one).encode(), one.hex.encode())]
    given = {"words": words, "texts": [str(one) for one in ids]}
    return {
        name: number for name, statement in _MESSAGES if (number := await _count(session, statement, given))
    }


async def letters(session: AsyncSession, after: UUID, many: int) -> Sequence[Any]:
    """Sealed dead letters, by their ids."""
    return (await session.execute(_LETTERS, {"after": after, "many": many})).all()


async def forget_letters(session: AsyncSession, ids: Collection[UUID]) -> None:
    gone = text("DELETE FROM interaction_dead_letter WHERE id = ANY(:ids)")
    await session.execute(gone, {"ids": list(ids)})


async def rejects(session: AsyncSession, after: tuple[UUID, int, str], many: int) -> Sequence[Any]:
    """Sealed values that imports refused, by their places."""
    place = dict(zip(("import_id", "line", "column"), after, strict=True))
    return (await session.execute(_REJECTS, {**place, "many": many})).all()


async def empty_rejects(session: AsyncSession, places: Sequence[tuple[UUID, int, str]]) -> None:
    if places:
        imports, lines, columns = map(list, zip(*places, strict=True))
        await session.execute(_EMPTY_REJECTS, {"imports": imports, "lines": lines, "columns": columns})


async def held(session: AsyncSession, request_id: UUID) -> ErasureRow | None:
    """A request, which nobody else changes meanwhile."""
    return await session.get(ErasureRow, request_id, with_for_update=True, populate_existing=True)


async def page(session: AsyncSession, *, before: tuple[Any, ...] | None, limit: int) -> Sequence[ErasureRow]:
    """Requests, the newest first."""
    place = ERASURE.c.requested_at, ERASURE.c.id
    return (
        await session.scalars(keyset.backward(select(ErasureRow), *place, before=before, limit=limit))
    ).all()


async def latest_of(session: AsyncSession, customer_id: UUID) -> ErasureRow | None:
    """The request by which a customer was erased."""
    mine = ERASURE.c.customers.contains([customer_id])
    newest = select(ErasureRow).where(mine).order_by(ERASURE.c.requested_at.desc()).limit(1)
    return (await session.scalars(newest)).one_or_none()


async def acknowledge(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(insert(ACKNOWLEDGEMENT).on_conflict_do_nothing(), rows)


async def acknowledgements(session: AsyncSession, request_id: UUID) -> Sequence[AcknowledgementRow]:
    columns = ACKNOWLEDGEMENT.c
    found = select(AcknowledgementRow).where(columns.request_id == request_id)
    return (await session.scalars(found.order_by(columns.service, columns.customer_id))).all()


async def unsuppress(session: AsyncSession, index: str) -> datetime | None:
    """Suppress an identifier no more; returns since when it was suppressed, if it was."""
    gone = delete(SUPPRESSION).where(SUPPRESSION.c.blind_index == index).returning(SUPPRESSION.c.since)
    return (await session.scalars(gone)).one_or_none()


async def latest_lift(session: AsyncSession, index: str) -> LiftRow | None:
    mine = select(LiftRow).where(LIFT.c.blind_index == index).order_by(LIFT.c.lifted_at.desc()).limit(1)
    return (await session.scalars(mine)).one_or_none()


async def lifts(session: AsyncSession, *, before: tuple[Any, ...] | None, limit: int) -> Sequence[LiftRow]:
    """The newest first."""
    rows = keyset.backward(select(LiftRow), LIFT.c.lifted_at, LIFT.c.id, before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def next_customers(session: AsyncSession, after: UUID, many: int) -> Sequence[UUID]:
    """Ids of customers in their order."""
    page = text("SELECT id FROM customer WHERE id > :after ORDER BY id LIMIT :many")
    return (await session.scalars(page, {"after": after, "many": many})).all()


async def left_before(session: AsyncSession, day: date, many: int) -> Sequence[UUID]:
    """Customers all of whose person left before a day, those first who left first."""
    return (await session.scalars(_LEFT, {"day": day, "many": many})).all()


async def _count(session: AsyncSession, statement: Any, given: Mapping[str, Any]) -> int:
    result = await session.execute(statement, given)
    assert isinstance(result, CursorResult)
    return result.rowcount
