"""A timer that only shows whether timers fire: every ten seconds, whoever has it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.plumbing import timer
from careloop_common.timers.arming import arm
from careloop_common.timers.due import DueTimer

KIND: Final = "canary"
EVERY: Final = timedelta(seconds=10)
_OWNER: Final = UUID(int=0)


async def plant(session: AsyncSession) -> None:
    """Arm the canary unless there is one."""
    first = func.now() + EVERY
    statement = insert(timer).values(
        kind=KIND,
        owner_id=_OWNER,
        step="sing",
        generation=0,
        due_at=first,
        available_at=first,
        data={},
        armed_at=func.now(),
    )
    await session.execute(statement.on_conflict_do_nothing())


async def on_due(session: AsyncSession, item: DueTimer, now: datetime) -> None:
    """Arm it again; the worker measures how late it was."""
    await arm(session, kind=KIND, owner_id=item.owner_id, step=item.step, due_at=now + EVERY)
