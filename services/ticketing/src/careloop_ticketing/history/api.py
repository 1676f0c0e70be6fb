from uuid import UUID

from careloop_common.web import CareRouter, SessionDep, needs, problems

from careloop_ticketing.history import service
from careloop_ticketing.history.schemas import BrokenView, VerificationView
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.errors import TicketNotFound

router = CareRouter(prefix="/v1/tickets", tags=["tickets"])


@router.get(
    "/{ticket_id}/history/verification",
    dependencies=[needs("tickets:read")],
    responses=problems(TicketNotFound),
)
async def verify_history(ticket_id: UUID, session: SessionDep) -> VerificationView:
    """Whether the ticket's history is as it was written: no entry changed, taken away, added or moved."""
    await tickets.get(session, ticket_id)
    tally, broken, anchored = await service.verify_one(session, ticket_id)
    return VerificationView(
        ticket_id=ticket_id,
        intact=not broken,
        entries=tally.entries,
        anchored=anchored,
        broken=[BrokenView(seq=one.seq, problem=one.problem) for one in broken],
    )
