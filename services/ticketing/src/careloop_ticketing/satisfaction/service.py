from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from careloop_common import outbox, timers
from careloop_common.timers import DueTimer
from careloop_common.tokens import SYSTEM
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.satisfaction import events, policy
from careloop_ticketing.satisfaction.errors import (
    AnswerToOwnWork,
    SatisfactionAlreadyGiven,
    SatisfactionNotRequested,
)
from careloop_ticketing.satisfaction.models import AnswerRow
from careloop_ticketing.satisfaction.policy import Outcome
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import ArchiveReason, ReopenReason
from careloop_ticketing.tickets.service import Case, Ticket
from careloop_ticketing.vocabulary import Status


async def awaits(session: AsyncSession, ticket: Ticket) -> bool:
    """Whether the customer was asked how the last resolution went, and has not answered."""
    asked = ticket.feedback_round > 0
    return asked and await session.get(AnswerRow, (ticket.id, ticket.feedback_round)) is None


async def answer(case: Case, *, score: int | None, comment: str | None) -> AnswerRow:
    """The customer said how the last resolution went."""
    session, ticket, now = case.session, case.ticket, case.now
    if not ticket.feedback_round:
        raise SatisfactionNotRequested(f"Ticket {ticket.number} has not been resolved yet.")
    if not await awaits(session, ticket):
        raise SatisfactionAlreadyGiven(f"Ticket {ticket.number} has its answer.")
    await _expect_another(case)
    open_until = ticket.feedback_until if ticket.status is Status.FEEDBACK else None
    outcome = policy.outcome(score, open_until=open_until, reopened_before=ticket.dissatisfied, now=now)
    given = AnswerRow(
        ticket_id=ticket.id,
        round=ticket.feedback_round,
        score=score,
        comment=comment,
        late=outcome is Outcome.RECORD,
        received_at=now,
    )
    session.add(given)
    said = {"score": score, "late": given.late, "comment": comment is not None}
    tickets.record(case, "satisfaction_received", after=said)
    if score is not None:
        outbox.add(session, events.received(ticket, score, given), now=now)
    if outcome is Outcome.REOPEN:
        ticket.dissatisfied = True
        await tickets.reopen(case, reason=ReopenReason.DISSATISFIED)
    elif outcome is Outcome.ARCHIVE:
        await timers.cancel(session, tickets.FEEDBACK_TIMER, ticket.id)
        await tickets.archive(
            case, reason=ArchiveReason.NOT_VISITED if score is None else ArchiveReason.ANSWERED
        )
    return given


async def _expect_another(case: Case) -> None:
    """Nobody enters what a customer thinks of their own work. A system by which customers answer is nobody."""
    actor, ticket = case.actor, case.ticket
    if actor.kind != "user" or actor.may("tickets:supervise"):
        return
    if actor.id in {ticket.assignee_id, await queries.resolved_by(case.session, ticket.id)}:
        raise AnswerToOwnWork(f"Somebody else has to enter the answer for ticket {ticket.number}.")


async def on_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
    """Nobody answered in time: archive."""
    free = await tickets.lock_due(session, due, now)
    watches = await sla.of_all(session, free)
    for timer in due:
        if timer.owner_id in free:
            ticket = await tickets.get(session, timer.owner_id)
            if ticket.status is Status.FEEDBACK and ticket.feedback_round == timer.generation:
                case = Case(session, ticket, watches[ticket.id], SYSTEM, now)
                await tickets.archive(case, reason=ArchiveReason.NOT_ANSWERED)


async def average(session: AsyncSession) -> tuple[int, float | None]:
    """How many scores there are, and their mean."""
    figures = select(func.count(col(AnswerRow.score)), func.avg(col(AnswerRow.score)))
    count, mean = (await session.execute(figures)).one()
    return count, None if mean is None else float(mean)


@dataclass(frozen=True, slots=True)
class Scores:
    """How many there are, and their mean."""

    count: int
    average: float | None


async def scores_by_holder(session: AsyncSession, chosen: ColumnElement[bool]) -> Mapping[str, Scores]:
    """What customers gave for these tickets, by who held them."""
    holder = col(Ticket.assignee_id)
    given = select(holder, func.count(col(AnswerRow.score)), func.avg(col(AnswerRow.score)))
    theirs = given.join(Ticket, col(Ticket.id) == col(AnswerRow.ticket_id)).where(
        chosen, holder.is_not(None), col(AnswerRow.score).is_not(None)
    )
    rows = await session.execute(theirs.group_by(holder))
    return {str(name): Scores(count, float(mean)) for name, count, mean in rows}
