"""What a moment in the life of a case does to its clocks."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Because, State
from careloop_ticketing.sla.policy.terms import Definition, Moment, OnReopen, Policy
from careloop_ticketing.sla.policy.watches import Calendars, Watch, Watches


def observe(
    watches: Watches,
    policy: Policy,
    moment: Moment,
    *,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    now: datetime,
    over: Collection[str] = (),
) -> None:
    """Let a moment stop and start what their definitions say: a clock goes by those that it started with.

    What is `over` does not begin: the case never had it, but would have it behind it.
    """
    wait = wait_of(watches)
    for watch in tuple(watches.values()):
        if watch.state is not State.STOPPED:
            if moment in watch.definition.stop:
                watches.put_stopped(watch.turned(clocks.stop(watch.clock, now)), moment)
        elif (
            moment is Moment.REOPENED
            and watch.definition.on_reopen is OnReopen.CONTINUE
            and not watch.cancelled
        ):
            watches.put(watch.turned(clocks.reopen(watch.clock, now, because)))
    for definition in policy.clocks.values():
        begins = definition.name not in over and _begins(watches.get(definition.name), definition, moment)
        if begins and definition.applies(facts, now):
            _begin(watches, definition, policy, facts, calendars, because, wait, now)


def _begins(watch: Watch | None, definition: Definition, moment: Moment) -> bool:
    if watch is None:
        return moment in definition.start
    if watch.state is not State.STOPPED:
        return False
    anew = moment is Moment.REOPENED and watch.definition.on_reopen is OnReopen.RESTART
    return anew or (definition.repeats and moment in definition.start)


def doubtful(
    watches: Watches,
    policy: Policy,
    moments: Collection[Moment],
    past: Collection[Moment],
    *,
    facts: Facts,
    now: datetime,
) -> list[Definition]:
    """The clocks that would begin for the first time at these moments, but may be over by what was before.

    A clock that does not repeat is there once in the life of a case, be it that the case has had none of it: it came with a
    policy that was applied too late for it, or with a fact.
    """
    return [
        definition
        for definition in policy.clocks.values()
        if definition.name not in watches
        and not definition.repeats
        and not definition.start.isdisjoint(moments)
        and not definition.stop.isdisjoint(past)
        and definition.applies(facts, now)
    ]


def missing(
    watches: Watches, policy: Policy, seen: Collection[Moment], *, facts: Facts, now: datetime
) -> list[Definition]:
    """The clocks that are due to the case by its facts, though their moment is past, and that it never had."""
    return [
        definition
        for definition in policy.clocks.values()
        if definition.name not in watches and definition.is_due(seen) and definition.applies(facts, now)
    ]


def begin_late(
    watches: Watches,
    policy: Policy,
    seen: Collection[Moment],
    *,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    now: datetime,
    over: Collection[str] = (),
) -> list[Watch]:
    """Begin the clocks that have become due to the case only now, by its facts, unless they would be over.

    They count from now: a customer who turns out to be VIP is promised as much as one who was known to be.
    """
    wait = wait_of(watches)
    return [
        _begin(watches, definition, policy, facts, calendars, because, wait, now)
        for definition in missing(watches, policy, seen, facts=facts, now=now)
        if definition.name not in over
    ]


def _begin(
    watches: Watches,
    definition: Definition,
    policy: Policy,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    wait: Because | None,
    now: datetime,
) -> Watch:
    before = watches.get(definition.name)
    version, hours = calendars[definition.calendar] if definition.calendar else (0, ROUND_THE_CLOCK)
    begun = Watch(
        watches.subject_id,
        definition.name,
        policy,
        definition.ladder(facts, now),
        clocks.start(definition.target(facts, now), now, hours, because),
        instance=before.instance + 1 if before else 1,
        calendar=(definition.calendar, version) if definition.calendar else None,
        generation=1,
    )
    begun = waiting(begun, wait, facts, now)
    watches.put(begun)
    return begun


def waiting(watch: Watch, wait: Because | None, facts: Facts, now: datetime) -> Watch:
    """The clock, paused if its case waits for something for which it may pause."""
    if wait is None or watch.state is not State.RUNNING:
        return watch
    if not watch.definition.may_pause(wait.reason or "", facts, now):
        return watch
    needed = watch.definition.pauses[wait.reason or ""]
    if (needed.approval and wait.approved_by is None) or (needed.evidence and wait.evidence is None):
        return watch
    return watch.turned(clocks.pause(watch.clock, now, wait))


def wait_of(watches: Watches) -> Because | None:
    """For what the case waits, if it does."""
    return next((w.clock.intervals[-1].because for w in watches.values() if w.state is State.PAUSED), None)


def pause(watches: Watches, reason: str, *, facts: Facts, because: Because, now: datetime) -> list[Watch]:
    """Pause every clock that may pause for this reason; returns those that did."""
    paused = [
        watch.turned(clocks.pause(watch.clock, now, because))
        for watch in watches.values()
        if watch.state is State.RUNNING and watch.definition.may_pause(reason, facts, now)
    ]
    watches.put_all(paused)
    return paused


def resume(watches: Watches, *, because: Because, now: datetime, reason: str | None = None) -> list[Watch]:
    """Let every paused clock run on, or only those that paused for `reason`; returns them."""
    resumed = [
        watch.turned(clocks.resume(watch.clock, now, because))
        for watch in watches.values()
        if watch.state is State.PAUSED and reason in {None, watch.waits_for}
    ]
    watches.put_all(resumed)
    return resumed


def cancel(watches: Watches, *, now: datetime) -> None:
    """End every clock without a verdict."""
    watches.put_all(
        [
            replace(watch.turned(clocks.stop(watch.clock, now)), cancelled=True)
            for watch in watches.values()
            if watch.state is not State.STOPPED
        ],
    )


def revive(watches: Watches, policy: Policy | None = None, *, because: Because, now: datetime) -> None:
    """Let clocks that were cancelled run on from where they stopped, unless the policy has dropped them.

    The time between counts neither as run nor as pause.
    """
    watches.put_all(
        [
            replace(watch.turned(clocks.reopen(watch.clock, now, because)), cancelled=False)
            for watch in watches.values()
            if watch.cancelled and not watch.lapsed and (policy is None or watch.name in policy.clocks)
        ]
    )


def acknowledge(watches: Watches) -> None:
    """Somebody has taken notice: the steps that wait for silence will not come."""
    watches.put_all(
        [
            replace(watch, climb=replace(watch.climb, acknowledged=True), generation=watch.generation + 1)
            for watch in watches.values()
            if watch.climb.last_at and not watch.climb.acknowledged and watch.state is not State.STOPPED
        ],
    )


def waits(watches: Watches) -> bool:
    """Whether any clock is paused."""
    return any(watch.state is State.PAUSED for watch in watches.values())


def kept(watches: Watches, moment: Moment) -> bool:
    """Whether none of the clocks that promise this moment was over its target."""
    return all(watch.breached_at is None for watch in watches.stopped_by(moment))
