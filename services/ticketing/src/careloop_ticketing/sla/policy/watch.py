"""The clocks of one subject, and what a moment in its life does to them.

A watch is a clock with the terms under which it was started and its place on its ladder. `Watches` are all of one
subject; what was put there since they were loaded is what has to be stored.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
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
    """Counts the changes that move its timer; a timer of an earlier generation is stale."""
    armed: int = 0
    """The generation for which it has its timer."""
    cancelled: bool = False
    """Whether it came to an end without having been met or broken: the case was merged, say."""
    late_by_change: bool = False
    """Whether it was a change of terms that made it late: nobody's fault."""
    kept: tuple[Interval, ...] = ()
    """The intervals as they are stored."""

    @property
    def key(self) -> str:
        """Names this clock among all that its subject ever had, and its timer: `follow_up`, then `follow_up#2`."""
        return self.name if self.instance == 1 else f"{self.name}#{self.instance}"

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

    def rearmed(self) -> "Watch":
        """Nothing has changed but that its timer is gone."""
        return replace(self, generation=self.generation + 1)

    def climbed(self, upcoming: Upcoming, now: datetime) -> "Watch":
        """A step was taken. The one at the target is the breach, which happened when it was due."""
        clock = self.clock
        if upcoming.step.is_breach and clock.breached_at is None:
            clock = replace(clock, breached_at=upcoming.due_at)
        return replace(self, clock=clock, climb=ladder.after(upcoming, now), generation=self.generation + 1)


class Watches(Mapping[str, Watch]):
    """The present clock of each name; those in whose place others have begun are only in `by_key`."""

    def __init__(self, subject_id: UUID, found: Iterable[Watch] = ()) -> None:
        self.subject_id = subject_id
        self.by_key: dict[str, Watch] = {}
        self._present: dict[str, Watch] = {}
        self._changed: dict[str, Watch] = {}
        for watch in found:
            self._hold(watch)

    def __getitem__(self, name: str) -> Watch:
        return self._present[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._present)

    def __len__(self) -> int:
        return len(self._present)

    @property
    def changed(self) -> Collection[Watch]:
        """What is to be stored: also the last of a clock in whose place a new one has begun."""
        return self._changed.values()

    def stored(self) -> None:
        """All that changed is in the database."""
        self._changed.clear()

    def put(self, watch: Watch) -> None:
        self._hold(watch)
        self._changed[watch.key] = watch

    def _hold(self, watch: Watch) -> None:
        self.by_key[watch.key] = watch
        present = self._present.get(watch.name)
        if present is None or present.instance <= watch.instance:
            self._present[watch.name] = watch

    def drop(self, watch: Watch) -> None:
        """There never was such a clock."""
        del self.by_key[watch.key]
        self._changed.pop(watch.key, None)
        del self._present[watch.name]
        for other in self.by_key.values():
            if other.name == watch.name:
                self._hold(other)

    def put_all(self, watches: Iterable[Watch]) -> None:
        for watch in watches:
            self.put(watch)


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
    """Let a moment stop and start what their definitions say: a clock goes by those that it started with."""
    for watch in tuple(watches.values()):
        if watch.state is not State.STOPPED:
            if moment in watch.definition.stop:
                watches.put(watch.turned(clocks.stop(watch.clock, now)))
        elif (
            moment is Moment.REOPENED
            and watch.definition.on_reopen is OnReopen.CONTINUE
            and not watch.cancelled
        ):
            watches.put(watch.turned(clocks.reopen(watch.clock, now, because)))
    for definition in policy.clocks.values():
        if _begins(watches.get(definition.name), definition, moment) and definition.applies(facts, now):
            _begin(watches, definition, policy, facts, calendars, because, now)


def _begins(watch: Watch | None, definition: Definition, moment: Moment) -> bool:
    if watch is None:
        return moment in definition.start
    if watch.state is not State.STOPPED:
        return False
    anew = moment is Moment.REOPENED and watch.definition.on_reopen is OnReopen.RESTART
    return anew or (definition.repeats and moment in definition.start)


def begin_late(
    watches: Watches,
    policy: Policy,
    seen: Collection[Moment],
    *,
    facts: Facts,
    calendars: Calendars,
    because: Because,
    now: datetime,
) -> list[Watch]:
    """Begin the clocks that have become due to the case only now, by its facts, though their moment is past.

    They count from now: a customer who turns out to be VIP is promised as much as one who was known to be.
    """
    return [
        _begin(watches, definition, policy, facts, calendars, because, now)
        for definition in policy.clocks.values()
        if definition.name not in watches
        and definition.start.intersection(seen)
        and not definition.stop.intersection(seen)
        and definition.applies(facts, now)
    ]


def _begin(
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
    watches.put(begun)
    return begun


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


def revive(watches: Watches, *, because: Because, now: datetime) -> None:
    """Let clocks that were cancelled run on from where they stopped: the time between counts neither as run nor as pause."""
    watches.put_all(
        [
            replace(watch.turned(clocks.reopen(watch.clock, now, because)), cancelled=False)
            for watch in watches.values()
            if watch.cancelled
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
    """Whether none of the clocks that this moment stops was over its target."""
    return all(watch.breached_at is None for watch in watches.values() if moment in watch.definition.stop)
