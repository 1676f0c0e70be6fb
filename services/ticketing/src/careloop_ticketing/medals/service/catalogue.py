from datetime import datetime

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import registers
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
    return await registers.put(
        session, MedalRow, code, body.model_dump(), expected=expected, actor=actor, now=now
    )


async def get_medal(session: AsyncSession, code: str) -> MedalRow:
    row = await session.get(MedalRow, code)
    if row is None:
        raise MedalNotFound(f"There is no medal {code!r}.")
    return row
