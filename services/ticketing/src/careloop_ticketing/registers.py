"""What is kept by a code and said anew as a whole: agents, teams, courses, medals. Writers say which version they have seen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from careloop_common.errors import VersionMismatch
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession


class Kept(Protocol):
    version: int


R = TypeVar("R", bound=Kept)


async def put(
    session: AsyncSession,
    of: type[R],
    code: str,
    about: Mapping[str, Any],
    *,
    expected: int | None,
    actor: Actor,
    now: datetime,
) -> tuple[R, bool]:
    """Keep this of `code` from now on; the row, locked, and whether it is new. `VersionMismatch` if another was expected."""
    said = {**about, "changed_at": now, "changed_by": actor.id}
    (key,) = of.__table__.primary_key  # type: ignore[attr-defined]
    added = insert(of).values({key.name: code, "version": 1, **said}).on_conflict_do_nothing().returning(of)
    if (row := (await session.scalars(added)).one_or_none()) is not None:
        if expected is not None:
            raise VersionMismatch(f"There is no {code!r} yet.", current_version=0)
        return row, True
    # Its key stays: what refers to it need not wait.
    row = await session.get_one(of, code, with_for_update={"key_share": True}, populate_existing=True)
    check_version(expected, row.version)
    for name, value in said.items():
        setattr(row, name, value)
    row.version += 1
    await session.flush()
    return row, False
