"""How many tickets a choice has: counted, or about as many as the planner expects where counting would take long."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ClauseElement, Executable, Select, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlmodel import col

from careloop_ticketing.tickets.choices import Choice, chosen_by
from careloop_ticketing.tickets.models import TicketRow

MOST: Final = 10_000
"""More are not counted."""
_PATIENCE: Final = text("SET LOCAL statement_timeout = 250")
_CANCELLED: Final = "57014"


@dataclass(frozen=True, slots=True)
class Count:
    count: int
    exact: bool


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, asked: Select[Any]) -> None:
        self.asked = asked


@compiles(_Explain, "postgresql")
def _explain(element: _Explain, compiler: Any, **kw: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.asked, **kw)}"


async def count(session: AsyncSession, choice: Choice, *, now: datetime) -> Count:
    """How many tickets there are of the choice."""
    chosen = chosen_by(select(col(TicketRow.id)), choice, now)
    counted = await _counted(session, chosen)
    if counted is not None and counted <= MOST:
        return Count(counted, exact=True)
    plan = (await session.execute(_Explain(chosen))).scalar_one()
    expected = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]
    return Count(max(int(expected), counted or 0), exact=False)


async def _counted(session: AsyncSession, chosen: Select[Any]) -> int | None:
    """Up to one more than are counted; None if that takes too long."""
    some = select(func.count()).select_from(chosen.limit(MOST + 1).subquery())
    try:
        async with session.begin_nested():
            await session.execute(_PATIENCE)
            found: int = (await session.execute(some)).scalar_one()
            await session.execute(text("SET LOCAL statement_timeout = 0"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CANCELLED:
            raise
        return None
    return found
