"""How clocks follow changes of facts and terms, there and back: what stays as it was, and what ends."""

from datetime import timedelta
from uuid import UUID

import pytest
from careloop_ticketing.sla.policy import following, terms, watch
from careloop_ticketing.sla.policy.clock import Because, State
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.sla.policy.watches import Watches

SECOND = timedelta(seconds=1)
BY = Because("agent")
WAITS = Because("agent", "waiting_for_customer")
BREACH = {"name": "breach", "percent": 100, "action": "notify", "level": "manager"}
HEAD = {"name": "head", "after_seconds": 1, "action": "notify", "level": "regional_head"}
PATIENT = {"pauses": [{"reason": "waiting_for_customer"}]}


class Case:
    def __init__(self, noon, ladders, clocks):
        self.noon, self.facts = noon, {"vip": False, "tier": "primary"}
        self.rules = self.policy(1, ladders, clocks)
        self.watches, self.seen = Watches(UUID(int=1)), set()
        self.happens(0, Moment.OPENED)

    def policy(self, version, ladders, clocks):
        common = {"start": ["opened"], "stop": ["resolved"], "ladders": [{"ladder": "x"}]}
        document = {name: common | clock for name, clock in clocks.items()}
        return terms.read(version, {"satisfaction_seconds": 9, "ladders": ladders, "clocks": document})

    def at(self, second):
        return self.noon + second * SECOND

    def _given(self, second):
        return {"facts": self.facts, "calendars": {}, "because": BY, "now": self.at(second)}

    def happens(self, second, moment):
        self.seen.add(moment)
        watch.observe(self.watches, self.rules, moment, **self._given(second))

    def follows(self, second, rules=None, **facts):
        self.facts |= facts
        new = rules and NewTerms({}, rules)
        now = self.at(second)
        changes = following.follow(self.watches, facts=self.facts, seen=self.seen, now=now, terms=new)
        watch.begin_late(self.watches, self.rules, self.seen, **self._given(second))
        return changes

    def waits(self, second):
        watch.pause(self.watches, WAITS.reason, facts=self.facts, because=WAITS, now=self.at(second))

    def looks(self, second, name="c"):
        """What is taken of a clock: (step, second at which it was due)."""
        taken, one = [], self.watches[name]
        while (step := one.upcoming) and step.due_at <= self.at(second):
            taken.append((step.step.name, (step.due_at - self.noon) / SECOND))
            one = one.climbed(step, self.at(second))
        self.watches.put(one)
        return taken


@pytest.fixture
def case(noon):
    return lambda ladders=None, **clocks: Case(noon, ladders or {"x": [BREACH]}, clocks)


BY_VIP = {"ladders": [{"when": "vip", "ladder": "y"}, {"ladder": "x"}], "targets": [{"seconds": 4}]}
TWO = {"x": [BREACH, HEAD], "y": [BREACH, HEAD | {"after_seconds": 3}]}


def test_a_customer_who_becomes_vip_and_back_again_and_again_is_not_escalated_again(case):
    life = case(TWO, c=BY_VIP)
    assert life.looks(9) == [("breach", 4), ("head", 5)]
    for second in range(10, 16):
        life.follows(second, vip=not life.facts["vip"])
        assert life.looks(second) == []


def test_a_policy_with_one_more_step_adds_that_step_alone(case):
    life = case(TWO, c={"targets": [{"seconds": 4}]})
    life.looks(9)
    later = {"name": "later", "after_seconds": 60, "action": "remind"}
    life.follows(10, life.policy(2, {"x": [*TWO["x"], later]}, {"c": {"targets": [{"seconds": 4}]}}))
    assert life.looks(99) == [("later", 64)]


def test_a_silence_that_has_begun_goes_on_under_a_new_policy(case):
    quiet = {"name": "head", "unacknowledged_seconds": 8, "action": "notify", "level": "regional_head"}
    more = quiet | {"name": "committee", "unacknowledged_seconds": 3000, "level": "group_committee"}
    life = case({"x": [BREACH, quiet]}, c={"targets": [{"seconds": 1}]})
    life.looks(2)
    life.follows(3, life.policy(2, {"x": [BREACH, quiet, more]}, {"c": {"targets": [{"seconds": 1}]}}))
    assert not life.watches["c"].climb.acknowledged
    assert life.looks(10) == [("head", 10)]


def test_a_breach_that_nobody_had_seen_when_the_ladder_changed_is_told_once(case):
    life = case(TWO, c=BY_VIP)
    life.follows(6, vip=True)
    assert life.looks(6) == [("breach", 4)]
    life.follows(7, vip=False)
    assert life.looks(7) == [("head", 5)]


MISTAKE = {"targets": [{"when": "vip", "seconds": 1}, {"seconds": 8}]}


def test_what_a_mistake_made_late_is_not_late_once_it_is_taken_back(case):
    life = case(c=MISTAKE)
    life.follows(2, vip=True)
    assert life.watches["c"].late_by_change
    life.follows(2, vip=False)
    assert not life.watches["c"].late_by_change
    assert life.looks(7) == []
    assert life.looks(8) == [("breach", 8)]
    assert not life.watches["c"].late_by_change, "this breach is one"


def test_a_breach_that_came_while_the_mistake_stood_is_one(case):
    life = case(c=MISTAKE)
    life.follows(2, vip=True)
    life.follows(9, vip=False)
    assert (life.watches["c"].late_by_change, life.looks(9)) == (False, [("breach", 8)])


def test_what_a_change_made_late_stays_so_under_another_change_that_would_have_too(case):
    life = case(
        c={
            "targets": [
                {"when": "vip", "seconds": 1},
                {"when": 'tier == "advanced"', "seconds": 2},
                {"seconds": 8},
            ]
        }
    )
    life.follows(3, vip=True)
    life.follows(5, vip=False, tier="advanced")
    assert (life.watches["c"].late_by_change, life.looks(5)) == (True, [("breach", 2)])


def test_a_clock_that_the_case_has_no_more_ends_without_a_verdict_and_runs_on_if_it_has_it_again(case):
    life = case(c={"targets": [{"seconds": 8}], "when": "!vip"})
    (ended,) = life.follows(3, vip=True)
    one = life.watches["c"]
    assert (ended.lapsed, one.state, one.cancelled, one.upcoming) == (True, State.STOPPED, True, None)
    assert life.follows(9) == []
    (again,) = life.follows(20, vip=False)
    assert (again.revived, life.watches["c"].cancelled) == (True, False)
    assert life.looks(99) == [("breach", 25)]


def test_a_clock_that_is_late_already_is_answered_for(case):
    life = case(TWO, c={"targets": [{"seconds": 2}], "when": "!vip"})
    life.follows(2, vip=True)
    assert life.looks(9) == [("breach", 2), ("head", 3)]


def test_a_clock_whose_end_has_come_meanwhile_does_not_run_again(case):
    life = case(c={"targets": [{"seconds": 8}], "when": "!vip", "stop": ["responded"]})
    life.follows(3, vip=True)
    life.happens(4, Moment.RESPONDED)
    assert life.follows(5, vip=False) == []
    assert life.watches["c"].cancelled


def test_a_merge_that_is_undone_does_not_bring_back_what_the_case_had_no_more(case):
    life = case(c={"targets": [{"seconds": 8}], "when": "!vip"}, d={"targets": [{"seconds": 8}]})
    life.follows(3, vip=True)
    watch.cancel(life.watches, now=life.at(4))
    watch.revive(life.watches, because=BY, now=life.at(5))
    assert [life.watches[name].cancelled for name in "cd"] == [True, False]


def test_a_policy_that_was_a_mistake_takes_no_clock_for_good(case):
    all_, mistake = {"c": {"targets": [{"seconds": 8}]}}, {"c": {"targets": [{"seconds": 8}], "when": "vip"}}
    life = case(**all_)
    life.follows(3, life.policy(2, {"x": [BREACH]}, mistake))
    assert life.watches["c"].cancelled
    life.follows(4, life.policy(3, {"x": [BREACH]}, all_))
    assert (life.watches["c"].state, life.watches["c"].policy.version) == (State.RUNNING, 3)


REPEATS = {"start": ["responded"], "stop": ["responded"], "repeats": True, "targets": [{"seconds": 4}]}


def test_a_clock_that_begins_while_the_case_waits_begins_paused(case):
    life = case(c={"targets": [{"seconds": 99}], **PATIENT}, update=REPEATS | PATIENT)
    life.happens(1, Moment.RESPONDED)
    life.waits(2)
    life.happens(3, Moment.RESPONDED)
    update = life.watches["update"]
    assert (update.instance, update.waits_for, update.upcoming) == (2, "waiting_for_customer", None)
    watch.resume(life.watches, because=BY, now=life.at(10))
    assert life.watches["update"].due_at == life.at(14)


def test_a_clock_that_begins_late_while_the_case_waits_begins_paused(case):
    life = case(
        c={"targets": [{"seconds": 99}], **PATIENT},
        d=PATIENT | {"targets": [{"seconds": 4}], "when": 'kind == "fault"'},
    )
    life.waits(2)
    life.follows(3, kind="fault")
    assert life.watches["d"].state is State.PAUSED


def test_a_clock_that_may_pause_since_a_change_does_if_the_case_waits(case):
    life = case(
        c={"targets": [{"seconds": 99}], **PATIENT},
        d=PATIENT | {"targets": [{"seconds": 9}], "pausable": 'kind == "fault"'},
    )
    life.waits(2)
    (moved,) = life.follows(3, kind="fault")
    assert (moved.clock, life.watches["d"].state) == ("d", State.PAUSED)
    life.follows(5, kind="complaint")
    assert life.watches["d"].due_at == life.at(11)


@pytest.mark.parametrize("needed", [{"approval": True}, {"evidence": True}])
def test_a_wait_that_would_need_more_does_not_pause_a_clock_that_begins(case, needed):
    strict = {"pauses": [{"reason": "waiting_for_customer", **needed}]}
    life = case(c={"targets": [{"seconds": 99}], **PATIENT}, update=REPEATS | strict)
    life.waits(2)
    life.happens(3, Moment.RESPONDED)
    assert life.watches["update"].state is State.RUNNING


def test_a_late_answer_is_late_though_the_clock_has_begun_anew(case):
    life = case(update=REPEATS | {"start": ["opened", "responded"], "stop": ["responded", "resolved"]})
    life.happens(5, Moment.RESPONDED)
    life.happens(5, Moment.RESOLVED)
    assert not watch.kept(life.watches, Moment.RESPONDED)
    assert watch.kept(life.watches, Moment.RESOLVED)
