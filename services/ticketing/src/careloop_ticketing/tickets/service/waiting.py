"""Waiting for others: the clocks that may wait stand still, and run on as soon as they need not."""

from collections.abc import Iterable

from careloop_common import outbox

from careloop_ticketing.sla.policy import watch
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.service import Watch
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.errors import ApprovalNeeded, EvidenceNeeded, PauseNotAllowed
from careloop_ticketing.tickets.facts import facts_of
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record, write_note
from careloop_ticketing.vocabulary import PauseReason


async def pause(case: Case, *, reason: PauseReason, evidence: str | None, note: str | None) -> None:
    """Stop the clocks that may wait for this; `PauseNotAllowed` if none of them may."""
    ticket = case.ticket
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.PAUSE)
    approved = case.actor.id if case.actor.may("tickets:supervise") else None
    because = Because(case.actor.id, reason, evidence, approved)
    paused = watch.pause(case.watches, reason, facts=facts_of(ticket), because=because, now=case.now)
    if not paused:
        raise PauseNotAllowed("No clock of this ticket may wait for that.")
    terms = [one.definition.pauses[reason] for one in paused]
    if any(term.approval for term in terms) and approved is None:
        raise ApprovalNeeded("A supervisor has to approve this pause.")
    if any(term.evidence for term in terms) and evidence is None:
        raise EvidenceNeeded(pointer="/evidence")
    written = await write_note(case, "pause", note)
    clocks, by = [one.name for one in paused], case.actor.id
    proof = {"evidence": evidence is not None, "approved": approved is not None}
    after = {"status": ticket.status, "reason": reason, "clocks": clocks, **proof, **written}
    record(case, "paused", before=before, after=after)
    outbox.add(
        case.session, events.paused(ticket, reason=reason, clocks=clocks, by=by, now=case.now), now=case.now
    )
    await case.save()


async def resume(case: Case) -> None:
    before = {"status": case.ticket.status}
    case.ticket.status = policy.after(case.ticket.status, Act.RESUME)
    record(
        case,
        "resumed",
        before=before,
        after={
            "status": case.ticket.status,
            **due_times(watch.resume(case.watches, because=Because(case.actor.id), now=case.now)),
        },
    )
    event = events.resumed(case.ticket, because="asked", by=case.actor.id, now=case.now)
    outbox.add(case.session, event, now=case.now)
    await case.save()


def due_times(watches: Iterable[Watch]) -> dict[str, str | None]:
    """When clocks are due, as the history says it."""
    return {one.name: one.due_at.isoformat() if one.due_at else None for one in watches}
