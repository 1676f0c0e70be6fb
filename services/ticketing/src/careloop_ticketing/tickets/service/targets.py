"""When the facts of a case change, its clocks aim at other targets, and the history says how the due times moved."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from careloop_ticketing.sla.policy import following, watch
from careloop_ticketing.sla.policy.following import Change, NewTerms
from careloop_ticketing.sla.service import Watch, Watches
from careloop_ticketing.tickets import policy
from careloop_ticketing.tickets.facts import Described, Progressing, facts_of, seen_by
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.vocabulary import Status

_LAPSED: Final = "the ticket is none of those that have this clock"
_DROPPED: Final = "the policy has no such clock"

Said = tuple[dict[str, Any], dict[str, Any]]
"""What the history says of before and after."""


class Waiting(Described, Progressing, Protocol):
    """A ticket whose wait may come to an end."""


def follow(ticket: Waiting, watches: Watches, now: datetime, terms: NewTerms | None = None) -> Said:
    """Aim the clocks at what the ticket's facts ask for, and end a pause that they forbid."""
    changes = following.follow(watches, facts=facts_of(ticket), seen=seen_by(ticket), now=now, terms=terms)
    return told(ticket, watches, changes, now)


def told(ticket: Waiting, watches: Watches, changes: Sequence[Change], now: datetime) -> Said:
    """What the history says of changes; a ticket of which no clock waits any more is being handled again."""
    before, after = _explained(changes, now)
    if ticket.status is Status.WAITING and not watch.waits(watches):
        before["status"], after["status"] = ticket.status, Status.HANDLING
        ticket.status = policy.after(ticket.status, Act.RESUME)
    return before, after


def _explained(changes: Sequence[Change], now: datetime) -> Said:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for moved in changes:
        if not moved.begun:
            before[moved.clock] = _aim(moved.target_before.total_seconds(), moved.due_before)
        if moved.lapsed or moved.dropped:
            after[moved.clock] = {"cancelled": True, "why": _DROPPED if moved.dropped else _LAPSED}
            continue
        after[moved.clock] = {
            **_aim(moved.target_after.total_seconds(), moved.due_after),
            "why": _arithmetic(moved, now),
        }
        if moved.late_by_change:
            after[moved.clock]["late_by_change"] = True
    return before, after


def begun(watches: Iterable[Watch]) -> dict[str, Any]:
    """What the history says of clocks that began with a change."""
    return {one.name: _aim(one.clock.target.total_seconds(), one.due_at) for one in watches}


def _aim(seconds: float, due_at: datetime | None) -> Mapping[str, Any]:
    return {"target_seconds": seconds, "due_at": due_at.isoformat() if due_at else None}


def _arithmetic(moved: Change, now: datetime) -> str:
    target, elapsed = moved.target_after.total_seconds(), moved.elapsed.total_seconds()
    if moved.due_after is None:
        return f"target {target:g} s, of which {elapsed:g} s have run; due when the clock runs again"
    hours = f" of {moved.calendar}" if moved.calendar else ""
    return f"target {target:g} s - {elapsed:g} s run = {target - elapsed:g} s{hours} from {now.isoformat()}"
