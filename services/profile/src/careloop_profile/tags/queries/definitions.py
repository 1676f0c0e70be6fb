from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import ColumnElement, Table, Text, and_, any_, exists, func, literal, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.tags.models import DefinitionRow, WalkRow
from careloop_profile.tags.policy.definitions import LIVE

DEFINITION: Table = DefinitionRow.__table__  # type: ignore[attr-defined]
_CHANGING: Final = 0x74616773
"""Advisory lock of who changes definitions."""
_LOOKING: Final = 0x7461676C
"""That of who looks at persons, shared. Somebody who is new is seen by nobody until the look at it is over: a version that
it did not know of would be filled without that person."""
_LOCK: Final = text("SELECT pg_advisory_xact_lock(:lock)")
_SHARE: Final = text("SELECT pg_advisory_xact_lock_shared(:lock)")


def _unrecorded(table: Any) -> ColumnElement[bool]:
    """Versions that came into force, or were retired, and that the history of some does not know of yet."""
    begun = table.c.history_from.is_not(None), table.c.recorded_at.is_(None)
    return and_(table.c.state.in_(("active", "retired")), *begun)


_UNRECORDED: Final = _unrecorded(DEFINITION)
_NUMBERS: Final = select(
    func.array_agg(DEFINITION.c.number), func.array_agg(DEFINITION.c.state), func.array_agg(_UNRECORDED)
).where(or_(DEFINITION.c.state.in_(LIVE), _UNRECORDED))
_ANY_LIVE: Final = select(exists().where(DEFINITION.c.state.in_(LIVE)))
_OTHER: Final = DEFINITION.alias()
_RECORDED: Final = ~exists(
    select(_OTHER.c.number).where(_OTHER.c.code == DEFINITION.c.code, _unrecorded(_OTHER))
)
"""One thing after the other: nothing else becomes of a tag until everybody's history knows of what did."""
Live = frozenset[tuple[int, str, bool]]
"""Numbers of versions, with their states, and whether there is somebody whose history does not know of it."""


async def hold(session: AsyncSession) -> None:
    """Nobody else changes definitions until the end of the transaction."""
    await session.execute(_LOCK, {"lock": _CHANGING})


async def live(session: AsyncSession) -> Live:
    """What is evaluated, and what is being written down."""
    numbers, states, unrecorded = (await session.execute(_NUMBERS)).one()
    return frozenset(zip(numbers or (), states or (), unrecorded or (), strict=True))


async def any_live(session: AsyncSession) -> bool:
    """Whether anything is evaluated."""
    return bool(await session.scalar(_ANY_LIVE))


async def looking(session: AsyncSession) -> None:
    """No version begins to be filled until the end of the transaction."""
    await session.execute(_SHARE, {"lock": _LOOKING})


async def looked(session: AsyncSession) -> None:
    """Wait for all who look at persons; who comes after them knows what this transaction puts in force."""
    await session.execute(_LOCK, {"lock": _LOOKING})


async def hold_live(session: AsyncSession, code: str) -> Sequence[DefinitionRow]:
    """What is evaluated of a tag; locked, so that nobody fills it meanwhile. Before `hold`, and first what is being filled,
    for who fills a version takes the locks in this order."""
    statement = select(DefinitionRow).where(col(DefinitionRow.code) == code, DEFINITION.c.state.in_(LIVE))
    return (await session.scalars(statement.order_by(DEFINITION.c.state.desc()).with_for_update())).all()


async def by_number(session: AsyncSession, numbers: Collection[int]) -> Sequence[DefinitionRow]:
    """As they are now, also if they were read before."""
    statement = select(DefinitionRow).where(col(DefinitionRow.number).in_(numbers))
    fresh = statement.order_by(DEFINITION.c.number).execution_options(populate_existing=True)
    return (await session.scalars(fresh)).all()


async def versions(session: AsyncSession, code: str) -> Sequence[DefinitionRow]:
    """The newest first."""
    statement = select(DefinitionRow).where(col(DefinitionRow.code) == code)
    return (await session.scalars(statement.order_by(DEFINITION.c.version.desc()))).all()


async def version(session: AsyncSession, code: str, number: int) -> DefinitionRow | None:
    statement = select(DefinitionRow).where(
        col(DefinitionRow.code) == code, col(DefinitionRow.version) == number
    )
    return (await session.scalars(statement)).one_or_none()


async def codes(session: AsyncSession) -> dict[str, tuple[int, int]]:
    """Every code that there ever was, with its latest version and its group."""
    columns = DEFINITION.c
    statement = select(columns.code, func.max(columns.version), func.max(columns.group)).group_by(
        columns.code
    )
    return {row[0]: (row[1], row[2]) for row in await session.execute(statement)}


async def listed(
    session: AsyncSession,
    wanted: dict[str, Any],
    *,
    named: str | None,
    after: tuple[str, int] | None,
    limit: int,
) -> Sequence[DefinitionRow]:
    """Definitions by their codes and versions; of each tag the version in force, or the versions of a state that is asked for."""
    statement = select(DefinitionRow).where(
        *(DEFINITION.c[name] == value for name, value in wanted.items() if value is not None)
    )
    if named is not None:
        named_so = (
            DEFINITION.c[name].icontains(named, autoescape=True) for name in ("code", "name", "name_zh")
        )
        statement = statement.where(or_(*named_so))
    key = col(DefinitionRow.code), col(DefinitionRow.version)
    rows = keyset.forward(statement, *key, after=after, limit=limit)
    return (await session.scalars(rows)).all()


async def depending(session: AsyncSession, key: str) -> Sequence[str]:
    """The codes of the live tags whose rules ask for an input."""
    statement = select(DEFINITION.c.code).where(
        DEFINITION.c.state.in_(LIVE), literal(key, Text) == any_(DEFINITION.c.depends_on)
    )
    return (await session.scalars(statement.distinct().order_by(DEFINITION.c.code))).all()


async def filling(session: AsyncSession) -> DefinitionRow | None:
    """The oldest version that is being filled; locked."""
    return await _oldest(session, DEFINITION.c.state == "filling", _RECORDED)


async def to_be_recorded(session: AsyncSession) -> tuple[int, UUID | None] | None:
    """The number of the oldest version that somebody's history does not know of, and who was told of it last."""
    statement = select(DEFINITION.c.number, DEFINITION.c.cursor).where(_UNRECORDED)
    row = (await session.execute(statement.order_by(DEFINITION.c.number).limit(1))).one_or_none()
    return row and (row[0], row[1])


async def unrecorded(session: AsyncSession, number: int) -> DefinitionRow | None:
    """That version; locked, unless somebody else was done with it."""
    return await _oldest(session, DEFINITION.c.number == number, _UNRECORDED)


async def unswept(session: AsyncSession) -> DefinitionRow | None:
    """The oldest version that left values behind; locked."""
    gone = DEFINITION.c.state.in_(("superseded", "retired")), DEFINITION.c.swept_at.is_(None)
    return await _oldest(session, *gone, _RECORDED)


async def _oldest(session: AsyncSession, *conditions: ColumnElement[bool]) -> DefinitionRow | None:
    statement = select(DefinitionRow).where(*conditions).order_by(DEFINITION.c.number)
    return (await session.scalars(statement.limit(1).with_for_update())).one_or_none()


async def walk(session: AsyncSession, name: str) -> WalkRow | None:
    return await session.get(WalkRow, name, with_for_update=True)


async def customers_after(session: AsyncSession, cursor: UUID | None, limit: int) -> Sequence[UUID]:
    """The next of everybody."""
    statement = text("""
        SELECT id FROM customer WHERE CAST(:cursor AS uuid) IS NULL OR id > :cursor ORDER BY id LIMIT :limit
    """)
    return (await session.scalars(statement, {"cursor": cursor, "limit": limit})).all()
