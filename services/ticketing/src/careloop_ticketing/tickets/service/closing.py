"""From the remedy to the archive, and back."""

from typing import Final

from careloop_common import outbox, timers

from careloop_ticketing.notices.service import Reason
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import watch
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.service import Moment
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.errors import FeedbackAwaited
from careloop_ticketing.tickets.policy import Act, ArchiveReason, Outcome, ReopenReason, Unstated
from careloop_ticketing.tickets.service import telling
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.handling import first_response
from careloop_ticketing.tickets.service.history import record, write_note

FEEDBACK_TIMER: Final = "satisfaction"
_STEP: Final = "expiry"


async def resolve(case: Case, *, outcome: Outcome, note: str | None) -> None:
    """A remedy was found and told: stop the clocks and ask the customer how it went."""
    ticket, session, now = case.ticket, case.session, case.now
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.RESOLVE)
    unanswered = ticket.responded_at is None
    await case.observe(*([Moment.RESPONDED] if unanswered else []), Moment.RESOLVED)
    # What goes on after a remedy waits for nobody any more, nor could anybody let it run on.
    watch.resume(case.watches, because=Because(case.actor.id), now=now)
    if unanswered:
        first_response(case)
    window = (await sla.policy_of(session, ticket.policy_version)).satisfaction_window
    ticket.outcome, ticket.resolved_at = outcome, now
    ticket.feedback_round += 1
    ticket.feedback_until = now + window
    await await_feedback(case)
    written = await write_note(case, "resolution", note)
    until = ticket.feedback_until.isoformat()
    after = {"status": ticket.status, "outcome": outcome, "feedback_until": until, **written}
    record(case, "resolved", before=before, after=after)
    kept = watch.kept(case.watches, Moment.RESOLVED)
    outbox.add(session, events.resolved(ticket, within_target=kept, now=now), now=now)
    outbox.add(session, events.satisfaction_requested(ticket, expires_at=ticket.feedback_until), now=now)
    await telling.acknowledged(case)
    await telling.tell(case, Reason.RESOLVED)
    await case.save()


async def await_feedback(case: Case) -> None:
    """Have the ticket archived if nobody answers in time."""
    ticket = case.ticket
    assert ticket.feedback_until is not None
    await timers.arm(
        case.session,
        kind=FEEDBACK_TIMER,
        owner_id=ticket.id,
        step=_STEP,
        due_at=ticket.feedback_until,
        generation=ticket.feedback_round,
    )


async def reopen(case: Case, *, reason: ReopenReason | Unstated, note: str | None = None) -> None:
    """The remedy was none: the clocks that measure the whole run on from where they stopped."""
    ticket, now = case.ticket, case.now
    before = {"status": ticket.status, "reopened_count": ticket.reopened_count}
    ticket.status = policy.after(ticket.status, Act.REOPEN)
    ticket.reopened_count += 1
    ticket.outcome = ticket.resolved_at = ticket.feedback_until = ticket.overlooked_at = None
    await case.observe(Moment.REOPENED)
    moved_from, moved_to = await case.catch_up(Moment.REOPENED)
    await timers.cancel(case.session, FEEDBACK_TIMER, ticket.id)
    written = await write_note(case, "reopening", note)
    after = {"status": ticket.status, "reason": reason, "reopened_count": ticket.reopened_count, **written}
    record(case, "reopened", before=before | moved_from, after=after | moved_to)
    outbox.add(case.session, events.reopened(ticket, reason=reason, now=now), now=now)
    await telling.tell(case, Reason.REOPENED)
    await case.save()


async def close(case: Case, *, note: str | None = None) -> None:
    """Archive a resolved ticket whose customer is not waited for: their time is over, or there is nobody to ask.

    A supervisor need not wait.
    """
    ticket = case.ticket
    policy.after(ticket.status, Act.ARCHIVE)
    asked = ticket.customer_id is not None or ticket.customer_external_id is not None
    waits = ticket.feedback_until is not None and case.now < ticket.feedback_until
    if asked and waits and not case.actor.may("tickets:supervise"):
        raise FeedbackAwaited(f"The customer may answer until {ticket.feedback_until}.")
    await write_note(case, "closing", note)
    await timers.cancel(case.session, FEEDBACK_TIMER, ticket.id)
    await archive(case, reason=ArchiveReason.CLOSED)


async def archive(case: Case, *, reason: ArchiveReason) -> None:
    """The end; whatever the customer wants later is a new ticket. A clock that still runs has nothing to wait for."""
    ticket = case.ticket
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.ARCHIVE)
    ticket.archived_at = case.now
    await case.observe(Moment.ARCHIVED)
    watch.cancel(case.watches, now=case.now)
    record(case, "archived", before=before, after={"status": ticket.status, "reason": reason})
    outbox.add(case.session, events.archived(ticket, reason=reason, now=case.now), now=case.now)
    await case.save()
