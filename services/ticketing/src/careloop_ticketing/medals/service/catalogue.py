from datetime import datetime

from careloop_common.errors import VersionMismatch
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.medals import policy
from careloop_ticketing.medals.errors import MedalNotFound
from careloop_ticketing.medals.models import MedalRow
from careloop_ticketing.medals.schemas import Medal


async def put_medal(
    session: AsyncSession, code: str, body: Medal, *, expected: int | None, actor: Actor, now: datetime
) -> tuple[MedalRow, bool]:
    """Make a medal known, or say anew all that is known of it; whether it was new."""
    if body.rule is not None:
        policy.check(body.rule)
    about = {**body.model_dump(), "changed_at": now, "changed_by": actor.id}
    added = insert(MedalRow).values(code=code, version=1, **about).on_conflict_do_nothing()
    if (row := (await session.scalars(added.returning(MedalRow))).one_or_none()) is not None:
        if expected is not None:
            raise VersionMismatch("There is no such medal yet.", current_version=0)
        return row, True
    row = await session.get_one(MedalRow, code, with_for_update=True, populate_existing=True)
    check_version(expected, row.version)
    for name, value in about.items():
        setattr(row, name, value)
    row.version += 1
    await session.flush()
    return row, False


async def get_medal(session: AsyncSession, code: str) -> MedalRow:
    row = await session.get(MedalRow, code)
    if row is None:
        raise MedalNotFound(f"There is no medal {code!r}.")
    return row
