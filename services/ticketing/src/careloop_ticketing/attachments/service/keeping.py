"""Files become attachments of a ticket, and cease to be. The history tells what they were, never what they were called."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from careloop_common.errors import ServiceUnavailable
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.attachments import queries
from careloop_ticketing.attachments.errors import AttachmentNotFound
from careloop_ticketing.attachments.models import AttachmentRow, LooseFileRow
from careloop_ticketing.attachments.policy import limits, names
from careloop_ticketing.attachments.policy.limits import Purpose
from careloop_ticketing.attachments.service.receiving import Arrived, on_disk
from careloop_ticketing.attachments.store import Store
from careloop_ticketing.tickets import policy
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tickets.service import Case

log = structlog.get_logger()
_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Attached:
    row: AttachmentRow
    is_new: bool


async def attach(case: Case, arrived: Arrived, *, name: str | None, purpose: Purpose) -> Attached:
    """Give a file to the ticket. One that it has already is that one: sent again, nothing happens twice."""
    session, ticket = case.session, case.ticket
    if known := await queries.same(session, ticket.id, arrived.sha256):
        return Attached(known, is_new=False)
    ticket.status = policy.after(ticket.status, Act.NOTE)
    count, size = await queries.totals(session, ticket.id)
    limits.refuse_more(count, size, new=arrived.size)
    if not await queries.claim(session, arrived.id):
        raise ServiceUnavailable("The file took too long to arrive.")
    arrived.attached = True
    await on_disk(arrived.store.keep, arrived.id)
    row = AttachmentRow(
        id=arrived.id,
        ticket_id=ticket.id,
        name=names.cleaned(name, arrived.media_type),
        media_type=arrived.media_type,
        size=arrived.size,
        sha256=arrived.sha256,
        purpose=purpose,
        key=arrived.key,
        added_by=case.actor.id,
        added_at=case.now,
    )
    session.add(row)
    tickets.record(case, "attached", after=_said(row))
    return Attached(row, is_new=True)


async def detach(case: Case, attachment_id: UUID) -> None:
    """Take a file off the ticket, whatever its status: what should not be there has to be removable.

    From now on nobody can read it, and after a while it is gone.
    """
    row = await case.session.get(AttachmentRow, attachment_id)
    if row is None or row.ticket_id != case.ticket.id:
        raise AttachmentNotFound(f"The ticket has no attachment {attachment_id}.")
    await case.session.delete(row)
    case.session.add(LooseFileRow(id=row.id, since=case.now))
    tickets.record(case, "detached", before=_said(row))


def _said(row: AttachmentRow) -> dict[str, Any]:
    return {
        "attachment_id": str(row.id),
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "purpose": row.purpose,
    }


async def sweep(session: AsyncSession, store: Store, *, now: datetime) -> bool:
    """Remove files that have had no attachment for a while; True if there may be more."""
    removed = 0
    for loose in await queries.lock_loose(session, before=now - limits.LOOSE, limit=_BATCH):
        try:
            await asyncio.to_thread(store.remove, loose.id)
        except OSError:
            log.exception("attachment.not_removed", attachment_id=str(loose.id))
            continue
        await session.delete(loose)
        removed += 1
    return removed == _BATCH
