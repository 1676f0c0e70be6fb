"""Forgets what is past its time: events that need not be sent again, ids that no stream can bring back."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnClause, CursorResult, column, delete, select

from careloop_common import clock
from careloop_common.plumbing import inbox, outbox_sent
from careloop_common.runtime import Runtime

ROWS: Final = 5000
"""Rows of one transaction: short ones, since a long one holds up vacuum for every queue table."""

_ROW: ColumnClause[Any] = column("ctid")


async def purge(runtime: Runtime[Any]) -> bool:
    """Delete some of what is old; returns whether there is more."""
    now, settings = clock.now(), runtime.settings
    ends = (
        (outbox_sent.c.sent_at, timedelta(hours=settings.sent_hours)),
        (inbox.c.received_at, timedelta(days=settings.inbox_days)),
    )
    more = False
    for moment, kept in ends:
        old = select(_ROW).select_from(moment.table).where(moment < now - kept).limit(ROWS)
        async with runtime.database.transaction() as session:
            result = await session.execute(delete(moment.table).where(_ROW.in_(old)))
        assert isinstance(result, CursorResult)
        more = more or result.rowcount == ROWS
    return more
