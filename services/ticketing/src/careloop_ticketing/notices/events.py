from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from careloop_contracts import NoticedTicket, TicketNoticedV1

from careloop_ticketing.notices.policy.telling import Choice, Notice


def noticed(
    notices: Sequence[tuple[UUID, Notice]], choice: Choice, *, by: str, now: datetime
) -> TicketNoticedV1:
    """Several notices of one person, for one reason."""
    _, first = notices[0]
    return TicketNoticedV1(
        recipient=first.recipient,
        channels=tuple(channel.value for channel in choice.channels),
        reason=first.reason.value,
        tickets=tuple(_of(notice_id, notice) for notice_id, notice in notices),
        by=by,
        noticed_at=now,
    )


def _of(notice_id: UUID, notice: Notice) -> NoticedTicket:
    return NoticedTicket(
        notice_id=notice_id,
        ticket_id=notice.ticket_id,
        number=notice.number,
        role=notice.role.value,
        level=notice.level.value if notice.level else None,
        clock=notice.clock,
        step=notice.step,
        also=notice.also,
        due_at=notice.due_at,
        asks=notice.asks,
    )
