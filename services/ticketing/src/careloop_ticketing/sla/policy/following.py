"""When the facts of a case or the terms of its clocks change, the clocks follow, and it can be told how and why.

Every interval stays as it was: what has been counted is counted again by the new hours, and aimed at the new target. A
breach that was stays one; a due time that is past only because of the change is nobody's fault, and marked so, until
another change takes that back. A clock that the case has no more, for its condition holds no more, ends without a verdict,
unless it was late already; if the condition holds again, it runs on from where it stopped.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder
from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Because, Clock, Hours, State
from careloop_ticketing.sla.policy.ladder import Climb, Ladder
from careloop_ticketing.sla.policy.terms import Moment, Policy
from careloop_ticketing.sla.policy.watch import wait_of, waiting
from careloop_ticketing.sla.policy.watches import Calendar, Calendars, Watch, Watches


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
    lapsed: bool = False
    """Whether the case has this clock no more."""
    revived: bool = False
    """Whether it has it again."""
    begun: bool = False
    """Whether it has it by a policy that was applied to it."""
    dropped: bool = False
    """Whether that policy has no such clock."""

    @property
    def moves(self) -> bool:
        aims = self.due_before != self.due_after or self.target_before != self.target_after
        return aims or self.lapsed or self.revived


@dataclass(frozen=True, slots=True)
class NewTerms:
    """Newer terms than those with which clocks were started."""

    calendars: Calendars
    policy: Policy | None = None
    """None leaves each clock its policy."""


def follow(
    watches: Watches, *, facts: Facts, seen: Collection[Moment], now: datetime, terms: NewTerms | None = None
) -> list[Change]:
    """Give every open clock what now applies to it, and end and begin pauses; returns what moved.

    By what was `seen` of the case it is told whether a clock that it had no more is due to it again.
    """
    changes, wait = [], wait_of(watches)
    for watch in list(watches.values()):
        followed = _following(watch, facts, seen, wait, now, terms)
        if followed is not watch:
            watches.put(followed)
            changes.append(_change(watch, followed, now))
    return [change for change in changes if change.moves]


def _following(
    watch: Watch,
    facts: Facts,
    seen: Collection[Moment],
    wait: Because | None,
    now: datetime,
    terms: NewTerms | None,
) -> Watch:
    policy = terms.policy if terms and terms.policy and watch.name in terms.policy.clocks else watch.policy
    definition = policy.clocks[watch.name]
    if watch.lapsed:
        # That it began has seen its start, also one that is not to be told from where the case stands.
        begun = definition.start == watch.definition.start and bool(seen)
        due = definition.is_due(seen) or (begun and definition.stop.isdisjoint(seen))
        if not (due and definition.applies(facts, now)):
            return _resting(watch, watch, policy, facts, now, terms)
        revived = replace(watch.turned(clocks.reopen(watch.clock, now)), cancelled=False, lapsed=False)
        return waiting(_followed(revived, policy, facts, now, terms), wait, facts, now)
    if watch.state is State.STOPPED:
        return watch
    if not definition.applies(facts, now) and not _is_late(watch, now):
        return _lapsed(watch, policy, facts, now, terms)
    return waiting(_unpaused(_followed(watch, policy, facts, now, terms), facts, now), wait, facts, now)


def _is_late(watch: Watch, now: datetime) -> bool:
    """Whether there is a breach to answer for: not where a change alone made it late."""
    return watch.made_late_at is None and clocks.assess(watch.clock, now).breached_at is not None


def _lapsed(watch: Watch, policy: Policy, facts: Facts, now: datetime, terms: NewTerms | None) -> Watch:
    """Ended without a verdict."""
    stopped = replace(clocks.stop(watch.clock, now), breached_at=None)
    ended = replace(watch.turned(stopped), cancelled=True, lapsed=True)
    return _resting(watch, ended, policy, facts, now, terms)


def _resting(
    watch: Watch, ended: Watch, policy: Policy, facts: Facts, now: datetime, terms: NewTerms | None
) -> Watch:
    """One that has ended, under the terms by which it may begin to run again."""
    if policy is watch.policy or terms is None:
        return ended
    definition = policy.clocks[watch.name]
    calendar, hours = _hours(definition.calendar, terms)
    clock, name = replace(ended.clock, hours=hours), definition.ladder(facts, now)
    climb = _climb(watch, policy.ladders[name], clock, now)
    return replace(ended, clock=clock, policy=policy, ladder=name, calendar=calendar, climb=climb)


def _followed(watch: Watch, policy: Policy, facts: Facts, now: datetime, terms: NewTerms | None) -> Watch:
    definition = policy.clocks[watch.name]
    calendar, hours = _hours(definition.calendar, terms) if terms else (watch.calendar, watch.clock.hours)
    target, name = definition.target(facts, now), definition.ladder(facts, now)
    same_ladder = policy.ladders[name] == watch.steps
    if target == watch.clock.target and same_ladder and calendar == watch.calendar:
        # Its timer is right as it is.
        return watch if policy is watch.policy else replace(watch, policy=policy, ladder=name)
    clock = clocks.retarget(watch.clock, target, now, hours)
    made_late_at = watch.made_late_at
    if made_late_at is not None:
        # It was late by a change alone: what it aims at now decides anew.
        clock = replace(clock, breached_at=None)
        made_late_at = made_late_at if _is_past(clock, made_late_at) else None
    elif clock.breached_at is None and _is_past(clock, now):
        made_late_at = now
    return replace(
        watch.turned(clock),
        policy=policy,
        ladder=name,
        calendar=calendar,
        climb=_climb(watch, policy.ladders[name], clock, now),
        made_late_at=made_late_at,
    )


def _climb(watch: Watch, steps: Ladder, clock: Clock, now: datetime) -> Climb:
    if steps == watch.steps:
        return watch.climb
    return ladder.joined(steps, watch.climb, clock, now, _owed(watch, now))


def _is_past(clock: Clock, now: datetime) -> bool:
    due_at = clock.due_at
    return due_at is not None and due_at <= now


def _owed(watch: Watch, now: datetime) -> Collection[str]:
    """The steps that were due already, and that nobody has come to take."""
    owed = set()
    while (upcoming := watch.upcoming) and upcoming.due_at <= now:
        owed.add(upcoming.step.name)
        watch = watch.climbed(upcoming, now)
    return owed


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
        lapsed=after.lapsed and not before.lapsed,
        revived=before.lapsed and not after.lapsed,
    )
