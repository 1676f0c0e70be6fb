"""Ends without a remedy: not for us, or not wanted any more. The clocks end without a verdict."""

from careloop_common import outbox

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import watch
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.errors import CancellationNotAllowed
from careloop_ticketing.tickets.policy import Act, CancelReason, RejectReason, Unstated
from careloop_ticketing.tickets.service import telling
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record, write_note


async def reject(case: Case, *, reason: RejectReason | Unstated, note: str | None) -> None:
    """We will do nothing about it."""
    await _end(case, Act.REJECT, "rejected", reason, note)
    outbox.add(case.session, events.rejected(case.ticket, reason=reason, now=case.now), now=case.now)


async def cancel(case: Case, *, reason: CancelReason | Unstated, note: str | None) -> None:
    """Nothing needs to be done about it. Where a promise was broken, a supervisor has to say so, and the breach stays."""
    policy.after(case.ticket.status, Act.CANCEL)
    if not case.actor.may("tickets:supervise") and await sla.was_late(
        case.session, case.ticket.id, now=case.now
    ):
        raise CancellationNotAllowed(f"Ticket {case.ticket.number} was late: a supervisor has to cancel it.")
    await _end(case, Act.CANCEL, "cancelled", reason, note)
    outbox.add(case.session, events.cancelled(case.ticket, reason=reason, now=case.now), now=case.now)


async def _end(case: Case, act: Act, fact: str, reason: str, note: str | None) -> None:
    before = {"status": case.ticket.status}
    case.ticket.status = policy.after(case.ticket.status, act)
    watch.cancel(case.watches, now=case.now)
    written = await write_note(case, fact, note)
    record(case, fact, before=before, after={"status": case.ticket.status, "reason": reason, **written})
    await telling.acknowledged(case)
    await case.save()
