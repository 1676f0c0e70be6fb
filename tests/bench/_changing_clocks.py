"""Lives of clocks whose targets, hours and ladders change, that repeat, and whose worker looks only now and then."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from careloop_ticketing.calendars.policy import document as calendars
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.calendars.policy.document import Holidays
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import following, terms, watch
from careloop_ticketing.sla.policy.clock import Because, State
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.sla.policy.terms import Moment, Policy
from careloop_ticketing.sla.policy.watches import Watches

START = datetime(2026, 3, 1, tzinfo=UTC)
BY, WAITS = Because("agent"), Because("agent", "waiting_for_customer")
HOUR = timedelta(hours=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICES = {1: (0, 24), 2: (8, 18), 3: (9, 17), 4: (10, 22)}
"""Versions of the calendar: from which hour to which."""
PEOPLE = ("manager", "regional_head", "group_committee")
POLICIES = 60

Span = tuple[datetime, datetime]


@cache
def hours(version: int) -> Compiled:
    opens, closes = OFFICES[version]
    office = {day: [f"{opens:02}:00-{closes:02}:00"] for day in DAYS}
    document = {"name": "Office", "zone": "UTC", "hours": office}
    return Compiled(calendars.read(document, Holidays(frozenset(), frozenset(), None)), START.year)


@cache
def policy(number: int) -> Policy:
    dice = random.Random(number)
    behind = sorted(dice.sample(range(1, 12), dice.randrange(4)))
    steps: list[dict[str, Any]] = [{"name": "breach", "percent": 100, "action": "notify", "level": "manager"}]
    if dice.random() < 0.6:
        steps.insert(0, {"name": "reminder", "percent": dice.choice((50, 75)), "action": "remind"})
    for name, after in zip(dice.sample(("a", "b", "c", "d"), len(behind)), behind, strict=True):
        step = {"name": name, "after_seconds": after * 3600, "action": "notify", "level": dice.choice(PEOPLE)}
        steps.append(step)
    clock = {
        "start": ["opened", "responded"],
        "stop": ["responded", "resolved"],
        "repeats": True,
        "on_reopen": "continue",
        "calendar": "office",
        "targets": [{"seconds": dice.randrange(4, 60) * 3600}],
        "ladders": [{"ladder": "x"}],
        "pauses": [{"reason": "waiting_for_customer"}],
    }
    document = {"satisfaction_seconds": 60, "clocks": {"c": clock}, "ladders": {"x": steps}}
    return terms.read(number, document)


def _office(span: Span, office: tuple[int, int]) -> timedelta:
    """The office hours in a span, day by day."""
    total, day = timedelta(), span[0].replace(hour=0, minute=0, second=0, microsecond=0)
    while day < span[1]:
        opens, closes = max(span[0], day + office[0] * HOUR), min(span[1], day + office[1] * HOUR)
        total += max(closes - opens, timedelta())
        day += timedelta(days=1)
    return total


class Account:
    """When one clock ran, and what was told of it."""

    def __init__(self, now: datetime, target: timedelta, office: tuple[int, int]) -> None:
        self.spans: list[list[datetime | None]] = [[now, None]]
        self.target, self.office = target, office
        self.breach: datetime | None = None
        self.made_late: datetime | None = None
        self.told: dict[str, datetime] = {}

    def counted(self, until: datetime) -> timedelta:
        spans = ((start, min(end or until, until)) for start, end in self.spans if start)
        return sum((_office(span, self.office) for span in spans if span[0] < span[1]), timedelta())

    def reached(self, total: timedelta, now: datetime) -> datetime | None:
        """When so much had been counted, if it has by now: found by halving, to the microsecond."""
        if self.counted(now) < total:
            return None
        early, late = self.spans[0][0] or now, now
        while late - early > timedelta(microseconds=1):
            middle = early + (late - early) / 2
            early, late = (early, middle) if self.counted(middle) >= total else (middle, late)
        return late

    def notes(self, now: datetime) -> None:
        """A target that was reached while it was in force is a breach."""
        if self.breach is None and self.made_late is None:
            self.breach = self.reached(self.target, now)

    def turns(self, running: bool, now: datetime) -> None:
        self.notes(now)
        if running and self.spans[-1][1] is not None:
            self.spans.append([now, None])
        elif not running and self.spans[-1][1] is None:
            self.spans[-1][1] = now

    def follows(self, target: timedelta, office: tuple[int, int], now: datetime) -> None:
        self.notes(now)
        changed = (target, office) != (self.target, self.office)
        self.target, self.office = target, office
        if self.breach is not None or not changed:
            return
        due = self.reached(target, now)
        if self.made_late is None:
            self.made_late = now if due else None
        elif due is None or due > self.made_late:
            self.breach, self.made_late = due, None

    def due(self, now: datetime) -> datetime | None:
        return self.reached(self.target, now) if self.made_late else self.breach


class Life:
    def __init__(self, dice: random.Random) -> None:
        self.dice, self.now, self.watches = dice, START, Watches(UUID(int=1))
        self.number, self.version, self.right = dice.randrange(POLICIES), dice.choice(tuple(OFFICES)), True
        self.accounts: dict[str, Account] = {}
        self.happens(Moment.OPENED)

    def happens(self, moment: Moment) -> None:
        given: dict[str, Any] = {
            "facts": {},
            "calendars": self.calendars,
            "because": BY,
            "now": self.now,
        }
        watch.observe(self.watches, policy(self.number), moment, **given)

    @property
    def calendars(self) -> dict[str, Any]:
        return {"office": (self.version, hours(self.version))}

    def acts(self) -> None:
        match self.dice.choice(
            ("pause", "resume", "respond", "stop", "reopen", "policy", "hours", "look", "look")
        ):
            case "pause":
                watch.pause(self.watches, WAITS.reason or "", facts={}, because=WAITS, now=self.now)
            case "resume":
                watch.resume(self.watches, because=BY, now=self.now)
            case "respond":
                self.happens(Moment.RESPONDED)
            case "stop":
                self.happens(Moment.RESOLVED)
            case "reopen" if self.watches["c"].state is State.STOPPED:
                self.happens(Moment.REOPENED)
            case "policy":
                self.number = self.dice.randrange(POLICIES)
                self.follows(NewTerms(self.calendars, policy(self.number)))
            case "hours":
                self.version = self.dice.choice(tuple(OFFICES))
                self.follows(NewTerms(self.calendars))
            case "look":
                self.looks()

    def follows(self, new: NewTerms) -> None:
        following.follow(self.watches, facts={}, seen=(), now=self.now, terms=new)

    def settles(self) -> None:
        """Account for what the act has done to each clock."""
        for key, one in self.watches.by_key.items():
            office = OFFICES[one.calendar[1]] if one.calendar else (0, 24)
            account = self.accounts.setdefault(key, Account(self.now, one.clock.target, office))
            account.turns(one.state is State.RUNNING, self.now)
            account.follows(one.clock.target, office, self.now)
            reading = clocks.assess(one.clock, self.now)
            self.right &= reading.elapsed == account.counted(self.now)
            self.right &= reading.breached_at == account.due(self.now)
            self.right &= one.late_by_change == (account.made_late is not None)

    def looks(self) -> None:
        """Take what is due; and see that it was, and that nothing is left."""
        for key, one in self.watches.by_key.items():
            account, taken = self.accounts[key], one
            account.notes(self.now)
            while (step := taken.upcoming) and step.due_at <= self.now:
                self.takes(account, step.step, step.due_at, is_open=one.state is not State.STOPPED)
                taken = taken.climbed(step, self.now)
            self.watches.put(taken)
            self.right &= account.due(self.now) is None or "!" in account.told

    def takes(self, account: Account, step: Any, due_at: datetime, *, is_open: bool) -> None:
        if step.is_breach:
            expected = account.due(self.now)
        else:
            self.right &= is_open
            expected = account.reached(step.threshold(account.target), self.now)
            if expected and "!" in account.told and account.breach:
                expected = max(expected, account.breach)
        name = "!" if step.is_breach else step.name
        self.right &= name not in account.told and due_at == expected
        account.told[name] = due_at


def live(dice: random.Random) -> bool:
    """One life; whether both counts agree all along, each step is taken once and when it was due, and no breach is lost."""
    life = Life(dice)
    life.settles()
    for _ in range(dice.randrange(10)):
        life.now += timedelta(seconds=dice.choice((0, 1, dice.randrange(2 * 86_400))))
        life.acts()
        life.settles()
    life.now += timedelta(days=dice.randrange(9))
    life.looks()
    return life.right
