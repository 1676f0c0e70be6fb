from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, needs, problems

from careloop_ticketing.satisfaction import policy, service
from careloop_ticketing.satisfaction.errors import (
    AnswerToOwnWork,
    ReplyNotUnderstood,
    SatisfactionAlreadyGiven,
    SatisfactionNotRequested,
)
from careloop_ticketing.satisfaction.models import AnswerRow
from careloop_ticketing.satisfaction.policy import Said
from careloop_ticketing.satisfaction.schemas import GiveSatisfaction, SatisfactionView
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.errors import TicketNotFound
from careloop_ticketing.tickets.service import Case

router = CareRouter(prefix="/v1/tickets", tags=["satisfaction"])


@router.post(
    "/{ticket_id}/satisfaction",
    status_code=201,
    response_model=SatisfactionView,
    dependencies=[needs("tickets:write")],
    responses=problems(
        TicketNotFound,
        SatisfactionNotRequested,
        SatisfactionAlreadyGiven,
        AnswerToOwnWork,
        ReplyNotUnderstood,
        VersionMismatch,
    ),
)
async def give_satisfaction(
    ticket_id: UUID,
    body: GiveSatisfaction,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    expected: IfMatch,
) -> AnswerRow:
    """The customer's answer archives the ticket; a dissatisfied one (2 or less) reopens it, once.

    A reply is a digit or words (`5`, `5分`, `非常满意`, `very satisfied`, `差`), and may have a comment after the digit.
    `未去过` ends the round without a score. Who resolved or holds the ticket needs the scope tickets:supervise for this.
    """
    said = Said(body.score) if body.reply is None else policy.understand(body.reply)
    if said is None:
        raise ReplyNotUnderstood(pointer="/reply")
    ticket = await tickets.lock(session, ticket_id, expected=expected)
    case = Case(session, ticket, await sla.of(session, ticket.id), actor, now)
    return await service.answer(case, score=said.score, comment=body.comment or said.comment)
