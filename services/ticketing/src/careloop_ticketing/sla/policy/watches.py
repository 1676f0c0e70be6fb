"""A clock with the terms under which it was started and its place on its ladder; and all clocks of one subject.

What was put among `Watches` since they were loaded is what has to be stored.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from careloop_ticketing.sla.policy import ladder
from careloop_ticketing.sla.policy.clock import Clock, Hours, Interval, State
from careloop_ticketing.sla.policy.ladder import Climb, Ladder, Upcoming
from careloop_ticketing.sla.policy.terms import Definition, Moment, Policy

Calendar = tuple[str, int]
"""Code and version."""
Calendars = Mapping[str, tuple[int, Hours]]
"""The active version of each calendar that a policy names, ready to count."""


@dataclass(frozen=True)
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
    lapsed: bool = False
    """Whether it was cancelled because the case is none of those that have it, as long as it is not."""
    made_late_at: datetime | None = None
    """When a change of terms made it late: nobody's fault."""
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
    def late_by_change(self) -> bool:
        return self.made_late_at is not None

    @property
    def waits_for(self) -> str | None:
        """Why it is paused; none if it is not."""
        because = self.clock.intervals[-1].because
        return (because and because.reason) or "" if self.state is State.PAUSED else None

    @property
    def provisional(self) -> bool:
        due_at = self.due_at
        return due_at is not None and self.clock.hours.provisional(due_at)

    @property
    def steps(self) -> Ladder:
        return self.policy.ladders[self.ladder]

    @cached_property
    def upcoming(self) -> Upcoming | None:
        """The next step of the ladder, and when it is due: asked for by all who look at a clock, so worked out once."""
        return None if self.cancelled else ladder.next_step(self.steps, self.climb, self.clock)

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
        climb = ladder.after(self.steps, self.climb, upcoming, now)
        return replace(self, clock=clock, climb=climb, generation=self.generation + 1)


class Watches(Mapping[str, Watch]):
    """The present clock of each name; those in whose place others have begun are only in `by_key`."""

    def __init__(self, subject_id: UUID, found: Iterable[Watch] = ()) -> None:
        self.subject_id = subject_id
        self.by_key: dict[str, Watch] = {}
        self._present: dict[str, Watch] = {}
        self._changed: dict[str, Watch] = {}
        self._gone: dict[str, Watch] = {}
        self._stopped: dict[tuple[Moment, str], str] = {}
        for watch in found:
            self.hold(watch)

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

    @property
    def gone(self) -> Collection[Watch]:
        """What is to be stored no more."""
        return self._gone.values()

    def stored(self) -> None:
        """All that changed is in the database."""
        self._changed.clear()
        self._gone.clear()

    def put(self, watch: Watch) -> None:
        self.hold(watch)
        self._changed[watch.key] = watch

    def put_stopped(self, watch: Watch, by: Moment) -> None:
        self._stopped[by, watch.name] = watch.key
        self.put(watch)

    def stopped_by(self, moment: Moment) -> Iterator[Watch]:
        """Of each clock that promises this moment the one that it has stopped, be there a next one or not."""
        for name, present in self._present.items():
            if present.definition.promises is moment:
                yield self.by_key[self._stopped.get((moment, name), present.key)]

    def hold(self, watch: Watch) -> None:
        """Know of a clock as it is stored."""
        self.by_key[watch.key] = watch
        present = self._present.get(watch.name)
        if present is None or present.instance <= watch.instance:
            self._present[watch.name] = watch

    def drop(self, watch: Watch) -> None:
        """There never was such a clock."""
        self._gone[watch.key] = self.by_key.pop(watch.key)
        self._changed.pop(watch.key, None)
        del self._present[watch.name]
        for other in self.by_key.values():
            if other.name == watch.name:
                self.hold(other)

    def put_all(self, watches: Iterable[Watch]) -> None:
        for watch in watches:
            self.put(watch)
