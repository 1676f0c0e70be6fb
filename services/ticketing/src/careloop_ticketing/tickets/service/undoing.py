"""Taking an act back as if it had never been: the ticket and its clocks are as they were, and the history says it all.

What was told is told; but nothing that was not so is counted, no answer, no resolution, no coming back, no lesson.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
from careloop_common import outbox, timers

from careloop_ticketing.classification import service as classification
from careloop_ticketing.sla import undoing
from careloop_ticketing.sla.policy import watch
from careloop_ticketing.sla.policy.adopting import Turn
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.service import Moment, Watch
from careloop_ticketing.tickets import events
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import Act, ReopenReason
from careloop_ticketing.tickets.service import closing, telling
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record
from careloop_ticketing.tickets.service.waiting import due_times
from careloop_ticketing.vocabulary import OPEN, Status

Back = Mapping[str, Any]
"""What has to be put back, as JSON."""
_VERDICT: Final = {
    "cause", "tier", "severity", "product", "emotion", "classified_by", "rule_set", "rules",
}  # fmt: skip
_CHANGING: Final = {
    name: TicketRow.model_fields[name].annotation
    for name in (
        *sorted(_VERDICT),
        "status", "level", "assignee_id", "team", "team_pinned", "released_by", "responded_at", "resolved_at", "outcome",
        "feedback_round", "feedback_until", "reopened_count", "overlooked_at", "policy_version", "watchers",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Before:
    """A case as it was before an act."""

    ticket: Mapping[str, Any]
    clocks: Mapping[str, Watch]


def before(case: Case) -> Before:
    return Before(_words(case.ticket), dict(case.watches.by_key))


def back(case: Case, was: Before, correction: UUID | None = None) -> Back:
    """How a case was, as far as it is different now; and the correction that the act left to learn from."""
    now = _words(case.ticket)
    clocks = case.watches.by_key
    return {
        "ticket": {name: value for name, value in was.ticket.items() if now[name] != value},
        "clocks": [undoing.kept(one) for key, one in was.clocks.items() if clocks.get(key) is not one],
        "begun": [key for key in clocks if key not in was.clocks],
        "correction": correction and str(correction),
    }


def _words(ticket: TicketRow) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins({name: getattr(ticket, name) for name in _CHANGING})
    return found


async def take_back(case: Case, act: str, given: Back) -> None:
    """Have a case be as it was before an act."""
    ticket, status, held_by = case.ticket, case.ticket.status, case.ticket.assignee_id
    was = _words(ticket)
    for name, value in given["ticket"].items():
        setattr(ticket, name, msgspec.convert(value, _CHANGING[name]))
    await undoing.put_back(case.session, case.watches, given["clocks"], begun=given["begun"])
    # What is open follows what the others were told to follow since.
    moved_from, moved_to = await case.catch_up(Turn.UNDONE) if ticket.status in OPEN else ({}, {})
    if given["correction"]:
        await classification.retract(case.session, UUID(given["correction"]))
    clocks = [case.watches.by_key[one["key"]] for one in given["clocks"]]
    said = {"status": ticket.status, **given["ticket"], **due_times(clocks)}
    record(
        case,
        "undone",
        before={**moved_from, "status": status, **{name: was[name] for name in given["ticket"]}},
        after={"act": act, "reason": ReopenReason.MISTAKE, **said, **moved_to},
    )
    await _tell(case, status, given)
    if act == Act.ASSIGN:
        event = events.assigned(ticket, held_by, by=case.actor.id, now=case.now)
        outbox.add(case.session, event, now=case.now)
        await telling.handed(case, held_by)
    await case.save()


async def _tell(case: Case, status: Status, given: Back) -> None:
    """Others are to know where the ticket stands; that is all there is in it for them."""
    ticket, session, now = case.ticket, case.session, case.now
    if _VERDICT & given["ticket"].keys():
        outbox.add(session, events.classified(ticket, now), now=now)
    if status is ticket.status:
        return
    if status is Status.FEEDBACK:
        await timers.cancel(session, closing.FEEDBACK_TIMER, ticket.id)
        outbox.add(session, events.reopened(ticket, reason=ReopenReason.MISTAKE, now=now), now=now)
    elif ticket.status is Status.FEEDBACK:
        await closing.await_feedback(case)
        within = watch.kept(case.watches, Moment.RESOLVED)
        outbox.add(session, events.resolved(ticket, within_target=within, now=now), now=now)
    elif status is Status.WAITING:
        outbox.add(session, events.resumed(ticket, because="undone", by=case.actor.id, now=now), now=now)
    elif (wait := watch.wait_of(case.watches)) is not None:
        paused = [one.name for one in case.watches.values() if one.state is State.PAUSED]
        event = events.paused(ticket, reason=wait.reason or "", clocks=paused, by=case.actor.id, now=now)
        outbox.add(session, event, now=now)
