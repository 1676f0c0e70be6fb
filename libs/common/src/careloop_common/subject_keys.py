"""Keys of subjects: what is sealed for somebody opens with his key, and is gone with it, in every copy there is.

A key lies wrapped under the ring in the table `subject_key`. It is brought into the vault in sets, by one statement, before
anything is sealed or opened, and is asked for again after a few seconds: for so long one that was destroyed may still open.
Where a key was destroyed its row stays, so that nobody comes to be again by a message that is late.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Uuid,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common import records
from careloop_common.database import vault

metadata = MetaData()

subject_key = Table(
    "subject_key",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("destroyed_at", DateTime(timezone=True)),
    CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
    Index("ix_subject_key_destroyed", "subject_id", postgresql_where=text("destroyed_at IS NOT NULL")),
)
"""A key of each subject, or when it was destroyed. To be backed up apart from the rest, and not for long."""

_MADE: Final = "subject_keys_made"
"""Whose keys this session has made: nobody else may take them for kept before it commits."""

# Ids travel as one text: the driver looks at each element of an array, and takes longer for that than all the rest.
_FIND = text(
    "SELECT subject_id, wrapped FROM subject_key WHERE subject_id = ANY(CAST(string_to_array(:ids, ',') AS uuid[]))"
)
_COLUMNS = {"subject_id": "uuid", "wrapped": "bytea"}
_KEEP = text(f"""
    INSERT INTO subject_key (subject_id, wrapped, created_at)
    SELECT subject_id, wrapped, now() FROM {records.given(_COLUMNS)} ORDER BY subject_id
    ON CONFLICT DO NOTHING RETURNING subject_id
""")  # noqa: S608  (put together from the constants above)
_DESTROY = text("""
    INSERT INTO subject_key AS known (subject_id, created_at, destroyed_at)
    SELECT id, CAST(:now AS timestamptz), CAST(:now AS timestamptz) FROM unnest(CAST(:ids AS uuid[])) AS id ORDER BY id
    ON CONFLICT (subject_id) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at
    WHERE known.destroyed_at IS NULL
    RETURNING subject_id
""")
_DESTROYED = text("""
    SELECT subject_id FROM subject_key
    WHERE subject_id = ANY(CAST(string_to_array(:ids, ',') AS uuid[])) AND destroyed_at IS NOT NULL
""")


def subject_tables(target_metadata: MetaData) -> None:
    """Copy the table into the metadata of a service that holds what is personal."""
    subject_key.to_metadata(target_metadata)


async def load(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """Have the keys of these subjects at hand, as far as they have any."""
    keys = vault(session)
    made: set[UUID] = session.info.get(_MADE, set())
    wanted = [one for one in set(ids) if not keys.holds(one)]
    if not wanted:
        return
    found = await _found(session, wanted)
    for one in wanted:
        if wrapped := found.get(one):
            keys.hold(one, wrapped, kept=one not in made)
        elif one in found:
            keys.drop(one)


async def ensure(session: AsyncSession, ids: Iterable[UUID]) -> set[UUID]:
    """As `load`, and make keys for those who have none. Returns those whose keys were destroyed: they get no other.

    It always asks, since whoever comes to be now must not be somebody who was erased a moment ago.
    """
    keys, wanted = vault(session), set(ids)
    made: set[UUID] = session.info.setdefault(_MADE, set())
    found = await _found(session, wanted)
    if without := wanted.difference(found):
        fresh = {one: keys.new_key(one) for one in without}
        ours = set(await session.scalars(_KEEP, _given(fresh)))
        made |= ours
        # The others were made by somebody else in the meantime.
        found |= {one: fresh[one] for one in ours} | await _found(session, without - ours)
    for one, key in found.items():
        if key is None:
            keys.drop(one)
        elif one in without or not keys.holds(one):
            keys.hold(one, key, kept=one not in made)
    return {one for one, key in found.items() if key is None}


async def wrapped(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, bytes]:
    """The keys of these subjects as they are stored, for another service that may open what is sealed for them."""
    return {one: found for one, found in (await _found(session, ids)).items() if found}


async def keep(session: AsyncSession, found: Mapping[UUID, bytes]) -> None:
    """Keep keys that another service made."""
    if found:
        await session.execute(_KEEP, _given(found))


async def destroy(session: AsyncSession, ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Have no keys of these subjects ever again; returns those of whom that was not so already."""
    done = set(await session.scalars(_DESTROY, {"ids": list(ids), "now": now}))
    for one in ids:
        vault(session).drop(one)
    return done


async def unknown(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Of these subjects those of whom there is neither a key nor that it was destroyed."""
    return set(ids).difference(await _found(session, ids))


async def destroyed(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Of these subjects those whose keys were destroyed: nothing about them is to be kept any more."""
    if not ids:
        return set()
    return set(await session.scalars(_DESTROYED, {"ids": ",".join([one.hex for one in ids])}))


async def _found(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, bytes | None]:
    """What is stored of these subjects."""
    if not ids:
        return {}
    rows = await session.execute(_FIND, {"ids": ",".join([one.hex for one in ids])})
    return {row[0]: row[1] for row in rows}


def _given(keys: Mapping[UUID, bytes]) -> dict[str, str]:
    return {"rows": records.encode(_COLUMNS, ((one, records.hexed(key)) for one, key in keys.items()))}
