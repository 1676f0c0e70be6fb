from careloop_contracts import TicketSatisfactionReceivedV1

from careloop_ticketing.satisfaction.models import AnswerRow
from careloop_ticketing.tickets.service import Ticket


def received(ticket: Ticket, score: int, answer: AnswerRow) -> TicketSatisfactionReceivedV1:
    return TicketSatisfactionReceivedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        score=score,
        comment_present=answer.comment is not None,
        late=answer.late,
        received_at=answer.received_at,
    )
