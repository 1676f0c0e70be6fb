"""What falls due on a clock, worked out on plain values; nothing here touches the database."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from careloop_ticketing.escalation import policy
from careloop_ticketing.escalation.policy import Consequence, Place
from careloop_ticketing.notices.service import Addressees
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.policy.ladder import Action, Upcoming
from careloop_ticketing.sla.policy.watches import Watch
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.tickets.facts import place
from careloop_ticketing.tickets.service import Entry, Standing, targets

_LIFTING = frozenset({Action.RAISE_TIER, Action.REASSIGN})
"""Steps that change what a ticket's targets are decided by."""


class Taken(NamedTuple):
    """A step of a ladder that was taken."""

    ticket: Standing
    watch: Watch
    upcoming: Upcoming
    told: str
    level: str
    tier: str
    entry: Entry
    notice: bool = True
    """Whether to tell the one concerned: not of a step that a later one, taken at the same instant, has overtaken."""
    also: tuple[str, ...] = ()
    """The steps that were overtaken, which the notice of this one mentions."""
    people: Addressees = ()
    """Who is told in the name of whom the step tells."""

    @property
    def lost_by(self) -> str | None:
        """Who held the ticket until this step gave it to another level."""
        held_by: str | None = self.entry.before["assignee_id"]
        return held_by if self.entry.after["assignee_id"] is None else None

    @property
    def lifts(self) -> bool:
        """Whether the step may have changed what the targets of the ticket are decided by."""
        return self.upcoming.step.action in _LIFTING

    @property
    def name(self) -> str:
        return f"{self.watch.name} {self.upcoming.step.name}"


def lifts(watch: Watch, now: datetime) -> bool:
    """Whether a step that is due on this clock, or one behind it, changes the facts of its ticket."""
    if all(step.action not in _LIFTING for step in watch.steps):
        return False
    while (upcoming := watch.upcoming) and upcoming.due_at <= now:
        if upcoming.step.action in _LIFTING:
            return True
        watch = watch.climbed(upcoming, now)
    return False


def climb(ticket: Standing, watches: Watches, now: datetime) -> Iterator[Taken]:
    """Take every step that is due on these clocks: after an outage that can be several, in the order in which they were.

    One that lifts the ticket may bring others about, on clocks that have another target by it.
    """
    while first := _first_due(watches, now):
        watch, upcoming = first
        watches.put(watch.climbed(upcoming, now))
        stands = Place(ticket.level, ticket.tier)
        # It was over its target when it stopped, before the worker came to see: only the fact remains.
        over = watch.state is State.STOPPED
        consequence = policy.unmoved(stands) if over else policy.decide(upcoming.step, stands)
        yield _take(ticket, watches, watch, upcoming, consequence, now)


def _first_due(watches: Watches, now: datetime) -> tuple[Watch, Upcoming] | None:
    due = [
        (watch, upcoming)
        for watch in watches.by_key.values()
        if (upcoming := watch.upcoming) and upcoming.due_at <= now
    ]
    return min(due, key=lambda found: (found[1].due_at, found[0].key), default=None)


def _take(
    ticket: Standing,
    watches: Watches,
    watch: Watch,
    upcoming: Upcoming,
    consequence: Consequence,
    now: datetime,
) -> Taken:
    before: dict[str, Any] = place(ticket)
    if consequence.level is not ticket.level:
        ticket.level, ticket.assignee_id = consequence.level, None
    moved_from: dict[str, Any] = {}
    moved_to: dict[str, Any] = {}
    if consequence.tier is not ticket.tier:
        ticket.tier = consequence.tier
    if upcoming.step.action in _LIFTING:
        moved_from, moved_to = targets.follow(ticket, watches, now)
    ticket.version += 1
    step = {
        "step": upcoming.step.name,
        "action": upcoming.step.action.value,
        "clock": watch.name,
        "told": consequence.told,
        "due_at": upcoming.due_at.isoformat(),
    }
    fact = "sla_breached" if upcoming.step.is_breach else "escalated"
    # Last what is read again: before their names were refused, clocks could have any.
    entry = Entry(ticket.id, ticket.version, fact, moved_from | before, moved_to | step | place(ticket))
    return Taken(ticket, watch, upcoming, consequence.told, ticket.level.value, ticket.tier.value, entry)


def one_notice_each(taken: Sequence[Taken]) -> list[Taken]:
    """Of the steps that were taken at one instant, tell each person of the last one of a ticket, and that it was not alone."""
    of_person: dict[tuple[UUID, str], list[Taken]] = defaultdict(list)
    for one in taken:
        of_person[one.ticket.id, one.told].append(one)
    if len(of_person) == len(taken):
        return list(taken)
    told = []
    for one in taken:
        *earlier, last = of_person[one.ticket.id, one.told]
        if one is last:
            told.append(one._replace(also=tuple(step.name for step in earlier)))
        else:
            told.append(one._replace(notice=False))
    return told
