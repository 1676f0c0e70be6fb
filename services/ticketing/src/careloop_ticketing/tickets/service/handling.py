"""What people do with a ticket while it is open."""

from typing import Any
from uuid import UUID

from careloop_common import outbox

from careloop_ticketing.classification import service as classification
from careloop_ticketing.classification.policy import Changes, Verdict
from careloop_ticketing.notices.service import Reason
from careloop_ticketing.sla.policy import watch
from careloop_ticketing.sla.service import Moment
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.errors import LoweringNotAllowed, LoweringReasonNeeded, TicketNotHeld
from careloop_ticketing.tickets.facts import place
from careloop_ticketing.tickets.policy import Act, LowerReason, Unstated
from careloop_ticketing.tickets.service import telling
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record, write_note
from careloop_ticketing.vocabulary import Level, Milestone


async def respond(case: Case, *, note: str | None) -> None:
    """The customer got an answer; the first one stops the first-response clock."""
    ticket = case.ticket
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.RESPOND)
    first = ticket.responded_at is None
    watch.acknowledge(case.watches)
    await case.observe(Moment.RESPONDED)
    if first:
        first_response(case)
    written = await write_note(case, "response", note)
    record(case, "responded", before=before, after={"status": ticket.status, "first": first, **written})
    await case.save()


def first_response(case: Case) -> None:
    """Note the first answer; its clocks have stopped."""
    case.ticket.responded_at = case.now
    kept = watch.kept(case.watches, Moment.RESPONDED)
    outbox.add(case.session, events.responded(case.ticket, within_target=kept, now=case.now), now=case.now)


async def classify(case: Case, changes: Changes, *, reason: LowerReason | Unstated | None = None) -> UUID:
    """A person corrects the classification; the correction is kept, and another tier moves the due time.

    A higher tier lifts the ticket to its level. A lower tier or severity needs a reason and a supervisor: less is promised
    then, and the clocks may wait. Returns the id of the correction.
    """
    ticket, session, now = case.ticket, case.session, case.now
    ticket.status = policy.after(ticket.status, Act.CLASSIFY)
    if product := changes.get("product"):
        await classification.check_product(session, product)
    suggested = ticket.verdict
    corrected = suggested.corrected(changes, by=case.actor.id)
    lowering = _lowering(case, suggested, corrected, reason)
    lesson = classification.lesson(
        ticket.id, suggested=suggested, corrected=corrected, actor=case.actor, now=now
    )
    await case.learn(lesson)
    level_before = ticket.level
    ticket.take(corrected)
    ticket.level = ticket.level.at_least(ticket.tier.holder)
    await case.observe(Moment.CLASSIFIED)
    moved_from, moved_to = await case.follow()
    record(
        case,
        "classified",
        before={**suggested.words, "level": level_before, **moved_from},
        after={**corrected.words, "level": ticket.level, **lowering, **moved_to},
    )
    outbox.add(session, events.classified(ticket, now), now=now)
    await case.save()
    correction: UUID = lesson["id"]
    return correction


def _lowering(
    case: Case, suggested: Verdict, corrected: Verdict, reason: LowerReason | Unstated | None
) -> dict[str, Any]:
    """What the history says of a tier or severity that is lowered."""
    lowered = suggested.lowered_by(corrected)
    if not lowered:
        return {}
    if not case.actor.may("tickets:supervise"):
        raise LoweringNotAllowed(f"A supervisor has to lower the {lowered[0]}.")
    if reason is None:
        raise LoweringReasonNeeded(pointer="/reason")
    return {"lowered": lowered, "reason": reason}


async def assign(
    case: Case,
    *,
    assignee_id: str | None,
    level: Level | None = None,
    team: str | None = None,
    pinned: bool = True,
) -> None:
    """Give the ticket to a person, a level, a team, or several of these; without a person it waits to be picked up there.

    A team that is `pinned` stays when the ticket is routed anew; without a team the ticket keeps the one that it has.
    """
    ticket = case.ticket
    before = place(ticket)
    ticket.status = policy.after(ticket.status, Act.ASSIGN)
    ticket.assignee_id, ticket.level, ticket.released_by = assignee_id, level or ticket.level, None
    if team is not None:
        ticket.team, ticket.team_pinned = team, pinned
    watch.acknowledge(case.watches)
    await case.observe(Moment.ASSIGNED, *([Moment.TAKEN] if assignee_id else []))
    moved_from, moved_to = await case.follow()
    record(case, "assigned", before=before | moved_from, after=place(ticket) | moved_to)
    held_by, by = before["assignee_id"], case.actor.id
    outbox.add(case.session, events.assigned(ticket, held_by, by=by, now=case.now), now=case.now)
    await telling.acknowledged(case)
    await telling.handed(case, held_by)
    await case.save()


async def release(case: Case) -> None:
    """Put the ticket back into the line, for somebody else than who has held it."""
    ticket = case.ticket
    ticket.status = policy.after(ticket.status, Act.RELEASE)
    if ticket.assignee_id is None:
        raise TicketNotHeld
    before, held_by = place(ticket), ticket.assignee_id
    ticket.assignee_id, ticket.released_by = None, held_by
    record(case, "released", before=before, after=place(ticket))
    event = events.released(ticket, held_by, because="given_back", by=case.actor.id, now=case.now)
    outbox.add(case.session, event, now=case.now)
    await telling.handed(case, held_by)


def leave_team(case: Case) -> None:
    """The team that answered for the ticket has ended; who holds it goes on."""
    before = place(case.ticket)
    case.ticket.team, case.ticket.team_pinned = None, False
    record(case, "team_left", before=before, after=place(case.ticket))


async def acknowledge(case: Case) -> None:
    """Somebody has taken notice of the last escalation, or of what was overlooked: whoever would be told next is not."""
    ticket = case.ticket
    ticket.status = policy.after(ticket.status, Act.ACKNOWLEDGE)
    watch.acknowledge(case.watches)
    seen = {"overlooked": False} if ticket.overlooked_at else {}
    ticket.overlooked_at = None
    record(case, "acknowledged", after={"clocks": sorted(one.name for one in case.watches.changed), **seen})
    await telling.acknowledged(case)
    await case.save()


async def reach(case: Case, milestone: Milestone, *, note: str | None) -> None:
    """The work has come this far; clocks that count up to it stop, and those that count from it begin."""
    ticket = case.ticket
    before = {"milestones": list(ticket.milestones)}
    ticket.status = policy.after(ticket.status, Act.REACH)
    ticket.milestones = policy.reached(ticket.milestones, milestone)
    watch.acknowledge(case.watches)
    await case.observe(Moment(milestone))
    written = await write_note(case, milestone, note)
    record(case, milestone, before=before, after={"milestones": list(ticket.milestones), **written})
    event = events.milestone_reached(ticket, milestone, by=case.actor.id, now=case.now)
    outbox.add(case.session, event, now=case.now)
    await case.save()


async def add_note(case: Case, *, text: str) -> str:
    """Returns the note's id."""
    case.ticket.status = policy.after(case.ticket.status, Act.NOTE)
    written = await write_note(case, "note", text)
    record(case, "noted", after=written)
    note_id = UUID(written["note_id"])
    outbox.add(case.session, events.noted(case.ticket, note_id, by=case.actor.id, now=case.now), now=case.now)
    await telling.tell(case, Reason.NOTED)
    return written["note_id"]
