"""What is known of persons: reading it with the person locked, and writing it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common import keyset, records
from sqlalchemy import Table, TextClause, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import among
from careloop_profile.parties.queries.relations import RELATION, holding
from careloop_profile.tags.models import FactRow
from careloop_profile.tags.policy.known import DOCUMENTS, Known
from careloop_profile.tags.policy.vocabulary import ATTRIBUTE_KEYS, FACTS

FACT: Table = FactRow.__table__  # type: ignore[attr-defined]
PLAIN: Final = tuple(FACTS)
_TYPES: Final = {"bool": "boolean", "number": "double precision", "text": "text", "timestamp": "timestamptz"}
_COLUMNS: Final = {
    "person_id": "uuid",
    **{name: _TYPES.get(kind.name, "text[]") for name, kind in FACTS.items()},
    **dict.fromkeys(DOCUMENTS, "jsonb"),
    "evaluated_at": "timestamptz",
    "counted_at": "timestamptz",
    "due_at": "timestamptz",
    "tell_at": "timestamptz",
}
# Locked in their order, so that two who look at the same persons do not wait for each other.
_MAKE: Final = text("""
    INSERT INTO person_fact (person_id) SELECT id FROM unnest(CAST(:ids AS uuid[])) AS id ORDER BY id
    ON CONFLICT DO NOTHING
""")
# Put together once; that they are text spares looking at every element of every array.
_HOLD: Final = text(f"""
    SELECT {", ".join(_COLUMNS)} FROM person_fact WHERE person_id = ANY(CAST(:ids AS uuid[])) ORDER BY person_id FOR UPDATE
""")  # noqa: S608
_MOVING: Final = frozenset({"stage", "stage_since", "tier", "first_seen_at", "last_seen_at", "channels"})
"""Plain facts that change while nobody says anything else of the person."""
_RESTING: Final = frozenset({*PLAIN, *ATTRIBUTE_KEYS.values()} - _MOVING)
_OFTEN: Final = tuple(name for name in _COLUMNS if name in _MOVING or name not in {*PLAIN, "attributes"})
_ALL: Final = tuple(_COLUMNS)


def _updating(columns: Iterable[str]) -> TextClause:
    shown = {name: _COLUMNS[name] for name in columns}
    return text(f"""
        UPDATE person_fact SET {", ".join(f"{name} = new.{name}" for name in shown if name != "person_id")}
        FROM {records.given(shown)} WHERE person_fact.person_id = new.person_id
    """)  # noqa: S608


_WRITE: Final = {columns: _updating(columns) for columns in (_ALL, _OFTEN)}
_TIDY: Final = text("""
    DELETE FROM person_tag WHERE person_id = ANY(CAST(:ids AS uuid[]))
""")


_DUE: Final = {"person_id": "uuid", "due_at": "timestamptz"}
_PUT_FORWARD: Final = text(f"""
    UPDATE person_fact SET due_at = new.due_at FROM {records.given(_DUE)} WHERE person_fact.person_id = new.person_id
""")  # noqa: S608


class Stored(NamedTuple):
    """What was known when the person was looked at last; `evaluated_at` is None before the first time, `counted_at` before
    the first that something that happened was the reason for."""

    known: Known
    evaluated_at: datetime | None
    counted_at: datetime | None
    due_at: datetime | None
    tell_at: datetime | None


async def hold(session: AsyncSession, persons: Collection[UUID]) -> dict[UUID, Stored]:
    """Lock these persons; nobody else changes their facts or tags until the end of the transaction."""
    wanted = sorted(persons)
    found = {row[0]: stored(row) for row in await session.execute(_HOLD, {"ids": wanted})}
    if missing := [person for person in wanted if person not in found]:
        await session.execute(_MAKE, {"ids": missing})
        found |= {row[0]: stored(row) for row in await session.execute(_HOLD, {"ids": missing})}
    return found


async def read(session: AsyncSession, person_id: UUID) -> Stored | None:
    row = (await session.execute(select(FACT).where(FACT.c.person_id == person_id))).one_or_none()
    return None if row is None else stored(row)


def stored(row: Sequence[Any]) -> Stored:
    """Of a row of the table, in the order of its columns."""
    plain, (attributes, metrics, lasts, given, *moments) = row[1 : len(PLAIN) + 1], row[len(PLAIN) + 1 :]
    known = Known(
        {name: value for name, value in zip(PLAIN, plain, strict=True) if value is not None},
        attributes,
        metrics,
        {name: _moment(value) for name, value in lasts.items()},
        given,
    )
    return Stored(known, *moments)


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


async def write(
    session: AsyncSession, rows: Mapping[UUID, Stored], changed: Mapping[UUID, Collection[str] | None]
) -> None:
    """Keep what is known of these persons, who are locked, and of whom this is other than it was; None is all of it."""
    given: dict[tuple[str, ...], list[Sequence[Any]]] = {}
    for person, one in rows.items():
        keys = changed[person]
        columns = _ALL if keys is None or not _RESTING.isdisjoint(keys) else _OFTEN
        given.setdefault(columns, []).append(_values(columns, person, one))
    for columns, some in given.items():
        await session.execute(_WRITE[columns], {"rows": records.encode(columns, some)})


def _values(columns: Iterable[str], person: UUID, one: Stored) -> list[Any]:
    documents = {name: getattr(one.known, name) for name in DOCUMENTS}
    others = {"person_id": person} | {name: getattr(one, name) for name in Stored._fields[1:]}
    found = one.known.plain | documents | others
    return [found.get(name) for name in columns]


async def forget(session: AsyncSession, persons: Collection[UUID]) -> None:
    """These are no persons any more."""
    await session.execute(delete(FACT).where(among(FACT.c.person_id, list(persons))))
    await session.execute(_TIDY, {"ids": list(persons)})


async def existing(session: AsyncSession, persons: Collection[UUID]) -> list[UUID]:
    """Those of these of whom something is kept; locked."""
    statement = select(FACT.c.person_id).where(among(FACT.c.person_id, sorted(persons)))
    return list((await session.scalars(statement.order_by(FACT.c.person_id).with_for_update())).all())


async def reserve(session: AsyncSession, persons: Collection[UUID]) -> None:
    """Lock all of these in the order of their ids, before some are looked at after others."""
    await session.execute(_MAKE, {"ids": list(persons)})
    await existing(session, persons)


async def relations(session: AsyncSession, customers: Collection[UUID], day: date) -> Sequence[Any]:
    """What these customers are to others on a day, and others to them."""
    columns, mine = RELATION.c, list(customers)
    shown = (columns.kind, columns.role, columns.from_id, columns.to_id)
    then = [*holding(day), columns.state == "confirmed"]
    ours = select(*shown).where(among(columns.from_id, mine), *then)
    theirs = select(*shown).where(among(columns.to_id, mine), *then)
    return (await session.execute(ours.union(theirs))).all()


async def to_be_told(
    session: AsyncSession, until: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[tuple[datetime, UUID]]:
    """Of whom it should have been told until then that counted numbers moved, and since when; those after the one that is
    named, who waits for longest first."""
    place = FACT.c.tell_at, FACT.c.person_id
    waiting = keyset.forward(select(*place).where(FACT.c.tell_at < until), *place, after=after, limit=limit)
    return [(row[0], row[1]) for row in await session.execute(waiting)]


async def stretch(session: AsyncSession, after: UUID, limit: int) -> UUID | None:
    """The last of the next so many persons; None if there are fewer."""
    following = select(FACT.c.person_id).where(FACT.c.person_id > after).order_by(FACT.c.person_id)
    return (await session.scalars(following.offset(limit - 1).limit(1))).one_or_none()


async def put_forward(session: AsyncSession, dues: Mapping[UUID, datetime]) -> None:
    """These persons, who are locked, are looked at again earlier than was planned."""
    await session.execute(_PUT_FORWARD, {"rows": records.encode(_DUE, dues.items())})
