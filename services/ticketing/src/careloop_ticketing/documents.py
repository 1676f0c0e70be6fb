"""Documents in versions: rule sets, SLA policies, routings. A new version replaces the one before, and none ever changes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar

from careloop_common import keyset
from careloop_common.database import lasting
from careloop_common.errors import DomainError
from careloop_common.schemas import Body, View
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy import Identity, Select, Text, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col

from careloop_ticketing.database import INSTANT, Base


class DocumentRow(Base):
    """One version: written once, never changed. The highest one is active."""

    not_found: ClassVar[type[DomainError]]

    version: int = Field(default=None, primary_key=True, sa_column_args=[Identity()])
    name: str = Field(sa_type=Text)
    document: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)


class DocumentView(View):
    version: int
    name: str
    document: Body
    created_at: datetime
    created_by: str


R = TypeVar("R", bound=DocumentRow)
D = TypeVar("D")
Reader = Callable[[int, Mapping[str, Any]], D]
"""Makes of a version's number and document what the rules work with."""


@cache
def newest(of: type[DocumentRow]) -> Select[int]:
    """The number of the active version, also for whoever asks the database for more than that at once."""
    # Of the table, not of the model: statements without models go a shorter way.
    return select(func.max(of.__table__.c.version))  # type: ignore[attr-defined]


async def active(session: AsyncSession, of: type[DocumentRow], read: Reader[D]) -> D:
    """The newest version, read."""
    return await known(session, of, (await session.execute(newest(of))).scalar_one(), read)


async def known(session: AsyncSession, of: type[DocumentRow], version: int, read: Reader[D]) -> D:
    """A version, read. It never changes, so a process reads it once."""
    lasts = lasting(session)
    if (of, version) not in lasts:
        lasts[of, version] = read(version, (await find(session, of, version)).document)
    found: D = lasts[of, version]
    return found


async def find(session: AsyncSession, of: type[R], version: int) -> R:
    row = await session.get(of, version)
    if row is None:
        raise of.not_found(f"There is no version {version}.")
    return row


async def versions(session: AsyncSession, of: type[R], *, before: int | None, limit: int) -> Sequence[R]:
    """The newest first."""
    return (
        await session.scalars(keyset.backward(select(of), col(of.version), before=before, limit=limit))
    ).all()


async def publish(
    session: AsyncSession,
    of: type[R],
    document: Mapping[str, Any],
    *,
    expected: int | None = None,
    actor: Actor,
    now: datetime,
) -> R:
    """Make `document`, which the caller has checked, the active version, after the one that is expected to be it."""
    # One after the other, or two could both follow the version that they expect. Readers are not kept waiting.
    await session.execute(text(f"LOCK TABLE {of.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    if expected is not None:
        check_version(expected, (await session.execute(newest(of))).scalar_one())
    row = of(name=document["name"], document=dict(document), created_at=now, created_by=actor.id)
    session.add(row)
    await session.flush()
    return row
