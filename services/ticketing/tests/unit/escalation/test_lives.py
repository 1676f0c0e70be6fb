"""Lives of tickets through changing ladders, targets, conditions and policies, watched second by second.

`Account` knows nothing of intervals, climbs and marks. It looks once a second whether a clock runs, adds up, and says of
every step that is taken whether it was owed; and afterwards, whether one was owed that nobody has taken.
"""

from datetime import timedelta
from uuid import UUID

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.escalation.climbing import climb
from careloop_ticketing.sla.policy import following, terms, watch
from careloop_ticketing.sla.policy.clock import Because, State
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.sla.policy.watches import Watches
from careloop_ticketing.tickets.facts import facts_of, seen_by
from careloop_ticketing.tickets.service import Standing
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier
from hypothesis import given, note, settings
from hypothesis import strategies as st

SECOND = timedelta(seconds=1)
TICKET = UUID(int=1)
BY = Because("agent")
WAITS = Because("agent", "waiting_for_customer")
MAY_WAIT = [{"reason": "waiting_for_customer"}]

person = st.sampled_from(["manager", "regional_head", "group_committee"])
before = st.builds(
    lambda name, percent, level: {"name": name, "percent": percent, **_told(level)},
    st.sampled_from(["r1", "r2"]),
    st.sampled_from([25, 50, 75]),
    st.none() | person,
)
behind = st.builds(
    lambda name, after, level: {"name": name, "after_seconds": after, **_told(level)},
    st.sampled_from(["h1", "h2", "h3"]),
    st.integers(1, 9),
    person,
)
silence = st.builds(
    lambda name, span, level: {"name": name, "unacknowledged_seconds": span, **_told(level)},
    st.sampled_from(["s1", "s2"]),
    st.integers(1, 9),
    person,
)


def _told(level):
    return {"action": "notify", "level": level} if level else {"action": "remind"}


@st.composite
def ladders(draw):
    breach = {"name": draw(st.sampled_from(["breach", "over"])), "percent": 100, **_told(draw(person))}
    warned = draw(st.lists(before, max_size=2, unique_by=(_name, lambda step: step["percent"])))
    late = draw(st.lists(behind, max_size=3, unique_by=(_name, lambda step: step["after_seconds"])))
    steps = [
        *sorted(warned, key=lambda step: step["percent"]),
        breach,
        *sorted(late, key=lambda step: step["after_seconds"]),
    ]
    for quiet in draw(st.lists(silence, max_size=2, unique_by=_name)):
        steps.insert(draw(st.integers(1, len(steps))), quiet)
    return steps


def _name(step):
    return step["name"]


def _clock(draw, **more):
    targets = draw(st.tuples(st.sampled_from([4, 8, 12]), st.sampled_from([8, 16, 24])))
    return {
        "targets": [{"when": "vip", "seconds": targets[0]}, {"seconds": targets[1]}],
        "ladders": [{"when": "vip", "ladder": "b"}, {"ladder": "a"}],
        "pauses": draw(st.sampled_from([[], MAY_WAIT])),
        **more,
    }


@st.composite
def policies(draw):
    return {
        "satisfaction_seconds": 60,
        "ladders": {"a": draw(ladders()), "b": draw(ladders())},
        "clocks": {
            "whole": _clock(
                draw,
                start=["opened"],
                stop=["resolved"],
                on_reopen=draw(st.sampled_from(["freeze", "continue", "restart"])),
            ),
            "update": _clock(
                draw, start=["opened", "responded"], stop=["responded", "resolved"], repeats=True
            ),
            "special": _clock(
                draw,
                start=["opened"],
                stop=["resolved"],
                on_reopen="continue",
                when=draw(st.sampled_from(["vip", '!vip || tier == "advanced"'])),
            ),
        },
    }


ACTS = ["look", "respond", "acknowledge", "pause", "resume", "resolve", "reopen", "merge", "unmerge", "vip"]
ACTS += ["vip", "tier", "policy", "look"]


@st.composite
def lives(draw):
    """Two policies, and what happens after how many seconds."""
    acts = st.tuples(st.integers(0, 9), st.sampled_from(ACTS))
    return draw(policies()), draw(policies()), draw(st.lists(acts, max_size=14))


class Account:
    """What one clock has counted, what it owes, and what was told of it."""

    def __init__(self, one, at, document, vip):
        self.reached, self.silent, self.told, self.heard = [at], None, [], False
        self.breach = self.excused = self.target = None
        self.aims(document, vip, at)
        self.state, self.cancelled = one.state, one.cancelled

    def aims(self, document, vip, at):
        targets = [item["seconds"] for item in document["targets"]]
        target, steps = targets[0 if vip else 1], document["steps"][0 if vip else 1]
        if self.target is None:
            self.target, self.steps, self.joined_at = target, steps, at
            return
        if steps != self.steps:
            self.steps, self.joined_at = steps, at
        if target == self.target or self.breach is not None:
            self.target = target
            return
        self.target = target
        due = self.at(target)
        if self.excused is not None and (due is None or due > self.excused):
            self.excused, self.breach = None, due
        elif self.excused is None and due is not None:
            self.excused = at

    def at(self, counted):
        """When so much was counted, if it was."""
        return self.reached[counted] if counted < len(self.reached) else None

    @property
    def due(self):
        return self.at(self.target) if self.excused is not None else self.breach

    def passes(self, now):
        if self.state is State.RUNNING:
            self.reached.append(now)
            if self.silent is not None:
                self.silent.append(now)
            if self.due is None and len(self.reached) - 1 >= self.target:
                self.breach = now

    def place(self, step):
        return (
            self.target * step["percent"] // 100 if "percent" in step else self.target + step["after_seconds"]
        )

    def take(self, name, due, now):
        assert not self.cancelled, f"{name} of a clock that was cancelled"
        step = next(step for step in self.steps if step["name"] == name)
        if step.get("percent") == 100:
            assert not self.breach_told, "the breach is told twice"
            assert due == self.due, "a breach happened when it was due"
        else:
            assert name not in [one["name"] for one, _ in self.told], f"{name} is taken twice"
            assert self.state is not State.STOPPED, f"{name} of a clock that had stopped"
            if "unacknowledged_seconds" in step:
                assert not self.heard, f"{name} though somebody took notice"
                assert due == self.silent[step["unacknowledged_seconds"]], (
                    "silence counts while the clock runs"
                )
            else:
                place = self.at(self.place(step))
                reached = max(place, self.breach or 0) if self.breach_told else place
                assert due == reached, f"{name} is due when its place is reached"
        self.told.append((step, now))
        self.silent, self.heard = [now], False

    @property
    def breach_told(self):
        return any(step.get("percent") == 100 for step, _ in self.told)

    def owes(self):
        """What was owed by now, and that nobody has taken."""
        if self.cancelled:
            return set()
        if self.due is not None and not self.breach_told:
            return {"breach"}
        if self.state is State.STOPPED:
            return set()
        names = {step["name"] for step, _ in self.told}
        effects = {step.get("level") for step, _ in self.told}
        index = next(i for i, step in enumerate(self.steps) if step.get("percent") == 100)
        here = self.steps[:index] if not self.breach_told else self.steps[index + 1 :]
        owed = set()
        for step in here:
            if step["name"] in names or step.get("level") in effects or "unacknowledged_seconds" in step:
                continue
            reached = self.at(self.place(step))
            # What stands before the breach is not made up for by another ladder.
            if reached is not None and (self.breach_told or reached > self.joined_at):
                owed.add(step["name"])
        return owed | self._unanswered(names, effects)

    def _unanswered(self, names, effects):
        """The step behind the last one that was taken, if it waits for a silence that lasts for long enough."""
        if not self.told or self.heard:
            return set()
        far = max((i for i, step in enumerate(self.steps) if step["name"] in names), default=None)
        if far is None or self.steps[far]["name"] != self.told[-1][0]["name"] or far + 1 == len(self.steps):
            return set()
        step = self.steps[far + 1]
        span = step.get("unacknowledged_seconds")
        if span is None or step.get("level") in effects or len(self.silent) <= span:
            return set()
        return {step["name"]}


class Life:
    """A ticket with its clocks, through the functions that the use cases go through, and an account of each clock."""

    def __init__(self, first, second, noon):
        self.documents = {1: first, 2: second}
        self.rules, self.noon, self.now = terms.read(1, first), noon, 0
        self.ticket, self.watches = _ticket(), Watches(TICKET)
        self.accounts, self.keys = {}, set()
        self.observe(Moment.OPENED)
        self.settle()

    @property
    def at(self):
        return self.noon + self.now * SECOND

    def observe(self, moment):
        given = {"facts": facts_of(self.ticket), "calendars": {}, "because": BY, "now": self.at}
        watch.observe(self.watches, self.rules, moment, **given)

    def follow(self, new=None):
        facts, seen = facts_of(self.ticket), seen_by(self.ticket)
        following.follow(self.watches, facts=facts, seen=seen, now=self.at, terms=new)
        given = {"facts": facts, "calendars": {}, "because": BY, "now": self.at}
        watch.begin_late(self.watches, self.rules, seen, **given)

    def passes(self, seconds):
        for _ in range(seconds):
            self.now += 1
            for account in self.accounts.values():
                account.passes(self.now)

    def lives(self, seconds, act):
        self.passes(seconds)
        getattr(self, act)()
        self.settle()

    def look(self):
        last = None
        for one in climb(self.ticket, self.watches, self.at):
            due = (one.upcoming.due_at - self.noon) // SECOND
            self.accounts[one.watch.key].take(one.upcoming.step.name, due, self.now)
            assert last is None or last <= due, "in the order in which they were due"
            last = due
        assert [account.owes() for account in self.accounts.values()] == [set()] * len(self.accounts)

    def respond(self):
        if self.ticket.status in {Status.CLASSIFIED, Status.HANDLING, Status.WAITING}:
            self.acknowledge()
            self.observe(Moment.RESPONDED)
            if self.ticket.status is Status.CLASSIFIED:
                self.ticket.status = Status.HANDLING

    def acknowledge(self):
        watch.acknowledge(self.watches)
        for name, one in self.watches.items():
            if one.state is not State.STOPPED and self.accounts[one.key].told:
                self.accounts[self.watches[name].key].heard = True

    def pause(self):
        if self.ticket.status is Status.HANDLING and watch.pause(
            self.watches, WAITS.reason, facts=facts_of(self.ticket), because=WAITS, now=self.at
        ):
            self.ticket.status = Status.WAITING

    def resume(self):
        if self.ticket.status is Status.WAITING:
            watch.resume(self.watches, because=BY, now=self.at)
            self.ticket.status = Status.HANDLING

    def resolve(self):
        if self.ticket.status in {Status.CLASSIFIED, Status.HANDLING, Status.WAITING}:
            self.observe(Moment.RESOLVED)
            self.ticket.status = Status.FEEDBACK

    def reopen(self):
        if self.ticket.status is Status.FEEDBACK:
            self.ticket.status = Status.HANDLING
            self.observe(Moment.REOPENED)
            self.follow()

    def merge(self):
        if self.ticket.status in {Status.CLASSIFIED, Status.HANDLING, Status.WAITING}:
            watch.cancel(self.watches, now=self.at)
            self.ticket.status = Status.MERGED

    def unmerge(self):
        if self.ticket.status is Status.MERGED:
            watch.revive(self.watches, because=BY, now=self.at)
            self.ticket.status = Status.HANDLING
            self.follow()

    def vip(self):
        self.ticket.vip = not self.ticket.vip
        self.follow()

    def tier(self):
        self.ticket.tier = Tier.PRIMARY if self.ticket.tier is Tier.ADVANCED else Tier.ADVANCED
        self.follow()

    def policy(self):
        version = 3 - self.rules.version
        self.rules = terms.read(version, self.documents[version])
        self.follow(NewTerms({}, self.rules))

    def settle(self):
        """Write down which clocks run now, and what they aim at."""
        if self.ticket.status is Status.WAITING and not watch.waits(self.watches):
            self.ticket.status = Status.HANDLING
        for key, one in self.watches.by_key.items():
            document = self.documents[one.policy.version]
            ladders = [document["ladders"][name] for name in ("b", "a")]
            clock = document["clocks"][one.name] | {"steps": ladders}
            account = self.accounts.get(key)
            if account is None:
                account = self.accounts[key] = Account(one, self.now, clock, self.ticket.vip)
            elif one.state is not State.STOPPED:
                account.aims(clock, self.ticket.vip, self.now)
            elif one.lapsed:
                # While it is none of the ticket's it may pass from ladder to ladder.
                account.joined_at = self.now
            account.state, account.cancelled = one.state, one.cancelled
        self.check(facts_of(self.ticket))

    def check(self, facts):
        """Whether those clocks run that should."""
        status = self.ticket.status
        for name, one in self.watches.items():
            account, is_open = self.accounts[one.key], one.state is not State.STOPPED
            late = account.breach is not None
            assert (account.excused is not None) == one.late_by_change
            if status in {Status.FEEDBACK, Status.MERGED}:
                assert not is_open
            elif status is Status.WAITING and one.definition.may_pause(WAITS.reason, facts, self.at):
                assert one.state is not State.RUNNING, f"{name} runs though the ticket waits"
            if is_open:
                assert late or one.definition.applies(facts, self.at), f"{name} is none of this ticket's"
            elif one.cancelled and status is not Status.MERGED and name != "update" and seen_by(self.ticket):
                assert not one.definition.applies(facts, self.at), f"{name} does not run again"


def _ticket():
    return Standing(
        id=TICKET,
        customer_id=None,
        version=2,
        status=Status.CLASSIFIED,
        kind=Kind.COMPLAINT,
        channel="web",
        language="zh",
        region=None,
        vip=False,
        cause=Cause.PRICE,
        tier=Tier.PRIMARY,
        severity=Severity.NORMAL,
        product=None,
        emotion=Emotion.CALM,
        level=Level.FRONT_LINE,
        assignee_id=None,
        team=None,
        team_pinned=False,
        released_by=None,
        policy_version=1,
        reopened_count=0,
        head=bytes(32),
    )


@settings(max_examples=400, deadline=None)
@given(lives())
def test_whatever_befalls_a_ticket_every_step_that_is_owed_is_taken_once_and_no_other(noon, life):
    first, second, acts = life
    note(acts)
    note(first)
    note(second)
    case = Life(first, second, noon)
    for seconds, act in acts:
        case.lives(seconds, act)
    case.lives(60, "look")
    case.lives(60, "look")
