import asyncio
from collections.abc import Iterator
from uuid import UUID

import structlog
from careloop_common.errors import SealBroken
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.attachments import queries
from careloop_ticketing.attachments.errors import AttachmentNotFound, AttachmentUnreadable
from careloop_ticketing.attachments.models import AttachmentRow
from careloop_ticketing.attachments.store import Store

log = structlog.get_logger()


async def find(session: AsyncSession, ticket_id: UUID, attachment_id: UUID) -> AttachmentRow:
    """An attachment of the ticket, or of one that was merged into it."""
    row = await queries.find(session, ticket_id, attachment_id)
    if row is None:
        raise AttachmentNotFound(f"The ticket has no attachment {attachment_id}.")
    return row


async def content(store: Store, row: AttachmentRow) -> Iterator[bytes]:
    """The file, piece by piece. It was read through before: half of a damaged one is not given out."""
    try:
        await asyncio.to_thread(_read_through, store, row)
    except (OSError, SealBroken) as error:
        log.error(  # noqa: TRY400  (where it was noticed says nothing)
            "attachment.unreadable",
            ticket_id=str(row.ticket_id),
            attachment_id=str(row.id),
            error=type(error).__name__,
        )
        raise AttachmentUnreadable("The file is missing or damaged.") from error
    return _pieces(store, row)


def _read_through(store: Store, row: AttachmentRow) -> None:
    for _ in _pieces(store, row):
        pass


def _pieces(store: Store, row: AttachmentRow) -> Iterator[bytes]:
    with store.open(row.id, row.key, row.size) as reader:
        yield from reader.chunks()
