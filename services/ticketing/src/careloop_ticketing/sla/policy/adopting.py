"""A policy that is applied to open cases ends the clocks that it does not have, and begins those that it adds.

A clock that it adds is what it would be if the policy had been there from the opening: what has happened to the case since
is gone through again, with the facts of today. So it counts from its moment, without the pauses that it would have made;
one that would be over by now does not begin. What is late already is so by the change, and nobody's fault.

One that it drops ends without a verdict, unless it was late already: that stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder, watch
from careloop_ticketing.sla.policy.clock import Because, State
from careloop_ticketing.sla.policy.following import Change
from careloop_ticketing.sla.policy.ladder import Climb
from careloop_ticketing.sla.policy.terms import Definition, Moment, Policy
from careloop_ticketing.sla.policy.watches import Calendars, Watch, Watches


class Turn(StrEnum):
    """What holds up the clocks of a case, and lets them run on."""

    PAUSED = "paused"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    UNDONE = "undone"
    """The last that happened has never been."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something in the life of a case that its clocks heed."""

    at: datetime
    what: Moment | Turn
    because: Because | None = None
    """Why it waits from then on, or for what it does no more."""


def end_dropped(watches: Watches, policy: Policy, *, now: datetime) -> list[Change]:
    """End the clocks that the policy does not have."""
    changes = []
    for one in list(watches.values()):
        if one.name in policy.clocks:
            continue
        if one.lapsed:
            # It is not to come back with its condition.
            watches.put(replace(one, lapsed=False))
        elif one.state is not State.STOPPED:
            ended = one.turned(clocks.stop(one.clock, now))
            late = ended.breached_at is not None and one.made_late_at is None
            watches.put(replace(ended, cancelled=not late))
            changes.append(replace(_change(ended, now), due_before=one.due_at, due_after=None, dropped=True))
    return changes


def lacking(watches: Watches, policy: Policy, *, facts: Facts, now: datetime) -> list[Definition]:
    """The clocks of the policy that the case ought to have by its facts and never had, or that were dropped before."""
    return [
        definition
        for name, definition in policy.clocks.items()
        if (name not in watches or _was_dropped(watches[name])) and definition.applies(facts, now)
    ]


def _was_dropped(one: Watch) -> bool:
    return one.cancelled and not one.lapsed


def begin_added(
    watches: Watches,
    policy: Policy,
    life: Sequence[Happening],
    *,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    now: datetime,
) -> list[Change]:
    """Begin the clocks that the case lacks under the policy, as its life so far would have left them."""
    changes = []
    for definition in lacking(watches, policy, facts=facts, now=now):
        lived = _lived(watches, definition, policy, life, facts, calendars, because)
        if lived is None or lived.state is State.STOPPED:
            continue
        before, clock = watches.get(definition.name), replace(lived.clock, breached_at=None)
        late = clock.due_at is not None and clock.due_at <= now
        begun = replace(
            lived,
            policy=policy,
            clock=clock,
            climb=ladder.joined(policy.ladders[lived.ladder], Climb(), clock, now),
            instance=before.instance + 1 if before else 1,
            generation=1,
            made_late_at=now if late else None,
        )
        watches.put(begun)
        changes.append(replace(_change(begun, now), due_before=None, late_by_change=late, begun=True))
    return changes


def over(
    watches: Watches,
    wanted: Iterable[Definition],
    policy: Policy,
    life: Sequence[Happening],
    *,
    facts: Facts,
    calendars: Calendars,
    because: Because,
) -> set[str]:
    """Which of these clocks the case would have behind it, if it had ever had them."""
    lived = (_lived(watches, one, policy, life, facts, calendars, because) for one in wanted)
    return {one.name for one in lived if one is not None and one.state is State.STOPPED}


def _lived(
    watches: Watches,
    definition: Definition,
    policy: Policy,
    life: Sequence[Happening],
    facts: Facts,
    calendars: Calendars,
    because: Because,
) -> Watch | None:
    """The clock after all that happened, had it been alone in the policy of the case."""
    alone, own = replace(policy, clocks={definition.name: definition}), Watches(watches.subject_id)
    wait: Because | None = None
    for one in life:
        if one.what is Turn.PAUSED:
            wait = one.because
        elif one.what is Turn.RESUMED:
            reason = one.because.reason if one.because else None
            wait = None if wait is None or reason in {None, wait.reason} else wait
            watch.resume(own, because=because, now=one.at, reason=reason)
        elif one.what is Turn.WITHDRAWN:
            watch.cancel(own, now=one.at)
        elif one.what is Turn.RETURNED:
            watch.revive(own, alone, because=because, now=one.at)
        elif isinstance(one.what, Moment):
            watch.observe(own, alone, one.what, facts=facts, calendars=calendars, because=because, now=one.at)
        own.put_all([watch.waiting(held, wait, facts, one.at) for held in own.values()])
    return own.get(definition.name)


def _change(one: Watch, now: datetime) -> Change:
    return Change(
        clock=one.name,
        target_before=one.clock.target,
        target_after=one.clock.target,
        elapsed=clocks.assess(one.clock, now).elapsed,
        due_before=one.due_at,
        due_after=one.due_at,
        late_by_change=False,
        calendar=one.calendar[0] if one.calendar else None,
    )
