"""The clocks of one subject, and what a moment in its life does to them.

A watch is a clock with the terms under which it was started and its place on its ladder. `Watches` are all of one
subject; what was put there since they were loaded is what has to be stored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder
from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Because, Clock, Hours, Interval, State
from careloop_ticketing.sla.policy.ladder import Climb, Upcoming
from careloop_ticketing.sla.policy.terms import Definition, Moment, OnReopen, Policy

Calendar = tuple[str, int]
"""Code and version."""


@dataclass(frozen=True, slots=True)
class Watch:
    subject_id: UUID
    name: str
    policy: Policy
    ladder: str
    clock: Clock
    instance: int = 1
    """Which of those that a repeating clock had; the present one is the highest."""
    calendar: Calendar | None = None
    climb: Climb = field(default_factory=Climb)
    generation: int = 0
    """Counts the changes; a timer of an earlier generation is stale."""
    cancelled: bool = False
    """Whether it came to an end without having been met or broken: the case was merged, say."""
    late_by_change: bool = False
    """Whether it was a change of terms that made it late: nobody's fault."""
    kept: tuple[Interval, ...] = ()
    """The intervals as they are stored."""

    @property
    def definition(self) -> Definition:
        return self.policy.clocks[self.name]

    @property
    def state(self) -> State:
        return self.clock.state

    @property
    def due_at(self) -> datetime | None:
        return self.clock.due_at

    @property
    def breached_at(self) -> datetime | None:
        return self.clock.breached_at

    @property
    def waits_for(self) -> str | None:
        """Why it is paused; none if it is not."""
        because = self.clock.intervals[-1].because
        return (because and because.reason) or "" if self.state is State.PAUSED else None

    @property
    def provisional(self) -> bool:
        due_at = self.due_at
        return due_at is not None and self.clock.hours.provisional(due_at)

    def upcoming(self) -> Upcoming | None:
        """The next step of the ladder, and when it is due."""
        return (
            None
            if self.cancelled
            else ladder.next_step(self.policy.ladders[self.ladder], self.climb, self.clock)
        )

    def turned(self, clock: Clock) -> "Watch":
        return replace(self, clock=clock, generation=self.generation + 1)

    def climbed(self, upcoming: Upcoming) -> "Watch":
        """A step was taken. The one at the target is the breach, which happened when it was due."""
        clock = self.clock
        if upcoming.step.is_breach and clock.breached_at is None:
            clock = replace(clock, breached_at=upcoming.due_at)
        return replace(self, clock=clock, climb=ladder.after(upcoming), generation=self.generation + 1)


class Watches(Mapping[str, Watch]):
    """The present clock of each name."""

    def __init__(self, subject_id: UUID, found: Iterable[Watch] = ()) -> None:
        self.subject_id = subject_id
        self._found = {watch.name: watch for watch in found}
        self.changed: dict[str, Watch] = {}

    def __getitem__(self, name: str) -> Watch:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def put(self, watch: Watch) -> None:
        self._found[watch.name] = self.changed[watch.name] = watch


Calendars = Mapping[str, tuple[int, Hours]]
"""The active version of each calendar that a policy names, ready to count."""


def observe(
    watches: Watches,
    policy: Policy,
    moment: Moment,
    *,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    now: datetime,
) -> None:
    """Let a moment stop and start what its policy says."""
    for definition in policy.clocks.values():
        watch = watches.get(definition.name)
        if watch and watch.state is not State.STOPPED and moment in watch.definition.stop:
            watches.put(watch := watch.turned(clocks.stop(watch.clock, now)))
        if watch is None:
            begins = moment in definition.start
        elif moment is Moment.REOPENED and watch.state is State.STOPPED:
            begins = _reopened(watches, watch, because, now)
        else:
            begins = definition.repeats and watch.state is State.STOPPED and moment in definition.start
        if begins and definition.applies(facts, now):
            watches.put(_begun(watches, definition, policy, facts, calendars, because, now))


def _reopened(watches: Watches, watch: Watch, because: Because, now: datetime) -> bool:
    """Let a stopped clock run on, where it should; whether a new one is to begin instead."""
    if watch.definition.on_reopen is OnReopen.CONTINUE and not watch.cancelled:
        watches.put(watch.turned(clocks.reopen(watch.clock, now, because)))
    return watch.definition.on_reopen is OnReopen.RESTART


def _begun(
    watches: Watches,
    definition: Definition,
    policy: Policy,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    now: datetime,
) -> Watch:
    before = watches.get(definition.name)
    version, hours = calendars[definition.calendar] if definition.calendar else (0, ROUND_THE_CLOCK)
    return Watch(
        watches.subject_id,
        definition.name,
        policy,
        definition.ladder(facts, now),
        clocks.start(definition.target(facts, now), now, hours, because),
        instance=before.instance + 1 if before else 1,
        calendar=(definition.calendar, version) if definition.calendar else None,
        generation=before.generation + 1 if before else 1,
    )


def pause(watches: Watches, reason: str, *, facts: Facts, because: Because, now: datetime) -> list[Watch]:
    """Pause every clock that may pause for this reason; returns those that did."""
    paused = [
        watch.turned(clocks.pause(watch.clock, now, because))
        for watch in watches.values()
        if watch.state is State.RUNNING and watch.definition.may_pause(reason, facts, now)
    ]
    _put_all(watches, paused)
    return paused


def resume(watches: Watches, *, because: Because, now: datetime, reason: str | None = None) -> list[Watch]:
    """Let every paused clock run on, or only those that paused for `reason`; returns them."""
    resumed = [
        watch.turned(clocks.resume(watch.clock, now, because))
        for watch in watches.values()
        if watch.state is State.PAUSED and reason in {None, watch.waits_for}
    ]
    _put_all(watches, resumed)
    return resumed


def cancel(watches: Watches, *, now: datetime) -> None:
    """End every clock without a verdict."""
    _put_all(
        watches,
        [
            replace(watch.turned(clocks.stop(watch.clock, now)), cancelled=True)
            for watch in watches.values()
            if watch.state is not State.STOPPED
        ],
    )


def acknowledge(watches: Watches) -> None:
    """Somebody has taken notice: the steps that wait for silence will not come."""
    _put_all(
        watches,
        [
            replace(watch, climb=replace(watch.climb, acknowledged=True), generation=watch.generation + 1)
            for watch in watches.values()
            if watch.climb.last_at and not watch.climb.acknowledged and watch.state is not State.STOPPED
        ],
    )


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


def waits(watches: Watches) -> bool:
    """Whether any clock is paused."""
    return any(watch.state is State.PAUSED for watch in watches.values())


def kept(watches: Watches, moment: Moment) -> bool:
    """Whether none of the clocks that this moment stops was over its target."""
    return all(watch.breached_at is None for watch in watches.values() if moment in watch.definition.stop)


def follow(
    watches: Watches,
    *,
    facts: Facts,
    now: datetime,
    hours: Callable[[Watch], tuple[Calendar | None, Hours]] | None = None,
) -> list[Change]:
    """Give every open clock the target, ladder and hours that now apply, and end pauses that do not; returns what moved."""
    changes = []
    for watch in list(watches.values()):
        if watch.state is State.STOPPED:
            continue
        followed = _unpaused(_followed(watch, facts, now, hours), facts, now)
        if followed is not watch:
            watches.put(followed)
            changes.append(_change(watch, followed, now))
    return [change for change in changes if change.moves]


def _unpaused(watch: Watch, facts: Facts, now: datetime) -> Watch:
    reason = watch.waits_for
    if reason is None or watch.definition.may_pause(reason, facts, now):
        return watch
    return watch.turned(clocks.resume(watch.clock, now))


def _followed(
    watch: Watch,
    facts: Facts,
    now: datetime,
    hours: Callable[[Watch], tuple[Calendar | None, Hours]] | None,
) -> Watch:
    target, name = watch.definition.target(facts, now), watch.definition.ladder(facts, now)
    calendar, counted = hours(watch) if hours else (watch.calendar, watch.clock.hours)
    if target == watch.clock.target and name == watch.ladder and calendar == watch.calendar:
        return watch
    clock = clocks.retarget(watch.clock, target, now, counted)
    climb = watch.climb
    if name != watch.ladder:
        climb = ladder.skipped_to_breach(watch.policy.ladders[name], clock)
    late = clock.breached_at is None and (due := clock.due_at) is not None and due <= now
    return replace(
        watch.turned(clock),
        ladder=name,
        climb=climb,
        calendar=calendar,
        late_by_change=watch.late_by_change or late,
    )


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


def _put_all(watches: Watches, changed: Iterable[Watch]) -> None:
    for watch in changed:
        watches.put(watch)
