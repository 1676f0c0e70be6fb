"""When the facts of a case or the terms of its clocks change, the clocks follow, and it can be told how and why.

Every interval stays as it was: what has been counted is counted again by the new hours, and aimed at the new target. A
breach that was stays one; a due time that is past only because of the change is nobody's fault, and marked so.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder
from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Hours, State
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.policy.watch import Calendar, Calendars, Watch, Watches


@dataclass(frozen=True, slots=True)
class Change:
    """How a due time moved, with the arithmetic."""

    clock: str
    target_before: timedelta
    target_after: timedelta
    elapsed: timedelta
    due_before: datetime | None
    due_after: datetime | None
    late_by_change: bool
    calendar: str | None

    @property
    def moves(self) -> bool:
        return self.due_before != self.due_after or self.target_before != self.target_after


@dataclass(frozen=True, slots=True)
class NewTerms:
    """Newer terms than those with which clocks were started."""

    calendars: Calendars
    policy: Policy | None = None
    """None leaves each clock its policy."""


def follow(watches: Watches, *, facts: Facts, now: datetime, terms: NewTerms | None = None) -> list[Change]:
    """Give every open clock what now applies to it, and end pauses that do not; returns what moved."""
    changes = []
    for watch in list(watches.values()):
        if watch.state is not State.STOPPED:
            followed = _unpaused(_followed(watch, facts, now, terms), facts, now)
            if followed is not watch:
                watches.put(followed)
                changes.append(_change(watch, followed, now))
    return [change for change in changes if change.moves]


def _followed(watch: Watch, facts: Facts, now: datetime, terms: NewTerms | None) -> Watch:
    policy = terms.policy if terms and terms.policy and watch.name in terms.policy.clocks else watch.policy
    definition = policy.clocks[watch.name]
    calendar, hours = _hours(definition.calendar, terms) if terms else (watch.calendar, watch.clock.hours)
    target, name = definition.target(facts, now), definition.ladder(facts, now)
    same_ladder = policy.ladders[name] == watch.policy.ladders[watch.ladder]
    if target == watch.clock.target and same_ladder and calendar == watch.calendar:
        # Its timer is right as it is.
        return watch if policy is watch.policy else replace(watch, policy=policy, ladder=name)
    clock = clocks.retarget(watch.clock, target, now, hours)
    climb = watch.climb if same_ladder else ladder.joined(policy.ladders[name], clock, now)
    late = clock.breached_at is None and (due := clock.due_at) is not None and due <= now
    return replace(
        watch.turned(clock),
        policy=policy,
        ladder=name,
        calendar=calendar,
        climb=climb,
        late_by_change=watch.late_by_change or late,
    )


def _hours(code: str | None, terms: NewTerms) -> tuple[Calendar | None, Hours]:
    if code is None:
        return None, ROUND_THE_CLOCK
    version, hours = terms.calendars[code]
    return (code, version), hours


def _unpaused(watch: Watch, facts: Facts, now: datetime) -> Watch:
    reason = watch.waits_for
    if reason is None or watch.definition.may_pause(reason, facts, now):
        return watch
    return watch.turned(clocks.resume(watch.clock, now))


def _change(before: Watch, after: Watch, now: datetime) -> Change:
    return Change(
        clock=after.name,
        target_before=before.clock.target,
        target_after=after.clock.target,
        elapsed=clocks.assess(after.clock, now).elapsed,
        due_before=before.due_at,
        due_after=after.due_at,
        late_by_change=after.late_by_change and not before.late_by_change,
        calendar=after.calendar[0] if after.calendar else None,
    )
