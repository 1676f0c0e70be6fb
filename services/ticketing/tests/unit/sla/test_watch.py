"""What moments do to the clocks of a case, and how clocks follow new facts and new terms."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_ticketing.calendars.policy import document as calendars
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.calendars.policy.document import Holidays
from careloop_ticketing.sla.policy import following, terms, watch
from careloop_ticketing.sla.policy.clock import Because, State, assess
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.sla.policy.watches import Watches

HOUR = timedelta(hours=1)
BECAUSE = Because("agent", "waiting_for_customer")
FACTS = {"kind": "complaint", "channel": "hotline", "tier": "primary", "vip": False, "level": "front_line"}
LADDER = {
    "x": [
        {"name": "reminder", "percent": 50, "action": "remind"},
        {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
    ]
}
OFFICE = {
    "name": "Office",
    "zone": "Asia/Shanghai",
    "hours": {key: ["09:00-12:00", "13:30-18:00"] for key in ("mon", "tue", "wed", "thu", "fri")},
}


def policy(version=1, ladders=LADDER, **clocks):
    return terms.read(version, {"satisfaction_seconds": 60, "clocks": clocks, "ladders": ladders})


def clock(start, stop, seconds=3600, **more):
    return {
        "start": [start],
        "stop": [stop],
        "targets": [{"seconds": seconds}],
        "ladders": [{"ladder": "x"}],
        **more,
    }


def office(**changes):
    return Compiled(calendars.read(OFFICE | changes, Holidays(frozenset(), frozenset(), None)), 2026)


class Life:
    """A case to which things happen, hour by hour."""

    def __init__(self, noon, rules, facts=FACTS, hours=None):
        self.noon, self.rules, self.facts = noon, rules, dict(facts)
        self.calendars = {"office": (1, hours)} if hours else {}
        self.watches = Watches(UUID(int=1))
        self.seen = set()

    def at(self, hours):
        return self.noon + hours * HOUR

    def happens(self, hours, *moments):
        self.seen.update(moments)
        for moment in moments:
            watch.observe(
                self.watches,
                self.rules,
                moment,
                facts=self.facts,
                calendars=self.calendars,
                because=Because("agent"),
                now=self.at(hours),
            )
        return self

    def pauses(self, hours, because=BECAUSE):
        watch.pause(self.watches, because.reason, facts=self.facts, because=because, now=self.at(hours))
        return self

    def resumes(self, hours):
        watch.resume(self.watches, because=Because("agent"), now=self.at(hours))
        return self

    def follows(self, hours, new=None, **facts):
        self.facts |= facts
        return following.follow(self.watches, facts=self.facts, seen=self.seen, now=self.at(hours), terms=new)

    def due(self, name):
        due_at = self.watches[name].due_at
        return due_at and (due_at - self.noon) / HOUR

    def state(self, name):
        return self.watches[name].state.value


@pytest.fixture
def life(noon):
    return lambda rules, **more: Life(noon, rules, **more)


PAUSES = {"pauses": [{"reason": "waiting_for_customer"}]}


def test_any_number_of_clocks_start_and_stop_by_their_moments(life):
    rules = policy(
        pick_up=clock("opened", "assigned", 15),
        answer=clock("opened", "responded", 1800),
        whole=clock("opened", "archived", 72 * 3600),
        visit=clock("resolved", "archived", 48 * 3600),
    )
    case = life(rules).happens(0, Moment.OPENED)
    assert set(case.watches) == {"pick_up", "answer", "whole"}
    case.happens(1, Moment.ASSIGNED).happens(2, Moment.RESPONDED, Moment.RESOLVED)
    assert [case.state(name) for name in ("pick_up", "answer", "whole", "visit")] == [
        "stopped",
        "stopped",
        "running",
        "running",
    ]
    assert case.due("visit") == 50


def test_a_clock_that_is_for_others_does_not_start(life):
    rules = policy(vip=clock("opened", "assigned", when="vip"), all=clock("opened", "assigned"))
    assert set(life(rules).happens(0, Moment.OPENED).watches) == {"all"}


def test_b09_the_next_update_is_due_after_an_answer_and_never_before_the_first(life):
    rules = policy(
        answer=clock("opened", "responded"), update=clock("responded", "responded", 4 * 3600, repeats=True)
    )
    case = life(rules).happens(0, Moment.OPENED)
    assert "update" not in case.watches
    case.happens(1, Moment.RESPONDED)
    assert (case.due("update"), case.watches["update"].instance) == (5, 1)
    case.happens(2, Moment.RESPONDED)
    assert (case.due("update"), case.watches["update"].instance) == (6, 2)
    first, second = (one for one in case.watches.changed if one.name == "update")
    assert (first.key, first.state, first.upcoming) == ("update", State.STOPPED, None), (
        "it is stored, and over"
    )
    assert second.key == "update#2"


def test_a_miss_is_still_to_be_told_when_the_next_clock_has_begun(life):
    case = life(policy(update=clock("responded", "responded", repeats=True)))
    for hour in (0, 3, 4):
        case.happens(hour, Moment.RESPONDED)
    steps = {key: watch.upcoming for key, watch in case.watches.by_key.items()}
    assert (steps["update"].due_at, steps["update#2"].due_at) == (case.at(1), case.at(4))
    assert case.watches["update"].instance == 3


def test_a_clock_that_a_newer_policy_does_not_know_goes_by_the_one_that_it_started_with(life):
    case = life(policy(extra=clock("opened", "responded"), c=clock("opened", "resolved")))
    case.happens(0, Moment.OPENED)
    case.rules = policy(2, c=clock("opened", "resolved"))
    assert case.happens(1, Moment.RESPONDED).state("extra") == "stopped"


def test_a_clock_that_repeats_begins_at_each_reopening(life):
    case = life(policy(again=clock("reopened", "resolved", repeats=True))).happens(0, Moment.OPENED)
    for hour in (2, 4, 6):
        case.happens(hour - 1, Moment.RESOLVED).happens(hour, Moment.REOPENED)
        assert (case.state("again"), case.watches["again"].instance) == ("running", hour / 2)


@pytest.mark.parametrize(
    ("on_reopen", "state", "due", "instance"),
    [("freeze", "stopped", None, 1), ("continue", "running", 12, 1), ("restart", "running", 14, 2)],
)
def test_b04_what_a_reopening_means_is_said_by_the_definition(life, on_reopen, state, due, instance):
    case = life(policy(c=clock("opened", "resolved", 4 * 3600, on_reopen=on_reopen)))
    case.happens(0, Moment.OPENED).happens(2, Moment.RESOLVED).happens(10, Moment.REOPENED)
    assert (case.state("c"), case.due("c"), case.watches["c"].instance) == (state, due, instance)


def test_b04_a_miss_does_not_grow_after_the_ticket_is_resolved(life):
    case = life(policy(c=clock("opened", "resolved"), update=clock("responded", "responded", repeats=True)))
    case.happens(0, Moment.OPENED).happens(3, Moment.RESOLVED)
    readings = {assess(case.watches["c"].clock, case.at(hours)) for hours in (3, 4, 400)}
    assert {(reading.elapsed, reading.breached_at) for reading in readings} == {(3 * HOUR, case.at(1))}
    assert case.watches["c"].upcoming.due_at == case.at(1), "that it was late is still told"


def test_three_reopenings_count_only_what_was_worked(life):
    case = life(policy(c=clock("opened", "resolved", 8 * 3600, on_reopen="continue"))).happens(
        0, Moment.OPENED
    )
    for start in (10, 20, 30):
        case.happens(start - 8, Moment.RESOLVED).happens(start, Moment.REOPENED)
    # 2 h run before the first, 2 h before each of the others: 6 of 8 h are used up at 30.
    assert case.due("c") == 32


def test_b03_a_pause_is_kept_when_the_tier_changes(life):
    by_tier = [{"when": 'tier == "primary"', "seconds": 24 * 3600}, {"seconds": 48 * 3600}]
    case = life(policy(c=clock("opened", "resolved", targets=by_tier, **PAUSES))).happens(0, Moment.OPENED)
    case.pauses(2)
    (moved,) = case.follows(4, tier="intermediate")
    assert (case.state("c"), case.due("c"), moved.elapsed) == ("paused", None, 2 * HOUR)
    case.resumes(10)
    assert case.due("c") == 10 + 46


def test_a_pause_that_the_new_facts_forbid_ends_at_once(life):
    case = life(policy(c=clock("opened", "resolved", 4 * 3600, pausable="!vip", **PAUSES))).happens(
        0, Moment.OPENED
    )
    case.pauses(1)
    case.follows(3, vip=True)
    assert (case.state("c"), case.due("c")) == ("running", 6)


def test_only_clocks_that_may_wait_for_the_reason_do(life):
    rules = policy(waits=clock("opened", "resolved", **PAUSES), goes_on=clock("opened", "resolved"))
    case = life(rules).happens(0, Moment.OPENED).pauses(0.5)
    assert (case.state("waits"), case.state("goes_on")) == ("paused", "running")


def test_b10_a_cancelled_clock_neither_breaks_nor_climbs(life):
    case = life(policy(c=clock("opened", "resolved"))).happens(0, Moment.OPENED)
    watch.cancel(case.watches, now=case.at(0.1))
    cancelled = case.watches["c"]
    assert (cancelled.state, cancelled.cancelled, cancelled.upcoming) == (State.STOPPED, True, None)


def test_b07_a_clock_of_the_office_stands_still_at_night(life):
    # 12:00 UTC is 20:00 in Shanghai on a Sunday: the first working hour is Monday 09:00.
    rules = policy(c=clock("opened", "resolved", 4 * 3600, calendar="office"))
    case = life(rules, hours=office()).happens(0, Moment.OPENED)
    assert case.due("c") == 13 + 5.5
    reminder = case.watches["c"].upcoming
    assert (reminder.step.name, (reminder.due_at - case.noon) / HOUR) == ("reminder", 15)


def test_b05_a_step_before_the_target_goes_by_the_calendar_of_the_clock(life):
    ladders = {
        "x": [
            {"name": "reminder", "before_seconds": 2 * 3600, "action": "remind"},
            {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
        ]
    }
    rules = policy(ladders=ladders, c=clock("opened", "resolved", 4 * 3600, calendar="office"))
    case = life(rules, hours=office()).happens(0, Moment.OPENED)
    # Monday in Shanghai: two of four hours are worked at 11:00, the lunch comes after.
    assert (case.watches["c"].upcoming.due_at - case.noon) / HOUR == 15


def test_b06_a_pause_is_counted_in_working_time(life):
    rules = policy(c=clock("opened", "resolved", 4 * 3600, calendar="office", **PAUSES))
    case = life(rules, hours=office()).happens(0, Moment.OPENED)
    # Monday 10:00 to 17:00 in Shanghai: one working hour is used, and the one left of the day.
    case.pauses(14).resumes(21)
    assert case.due("c") == 13 + 24 + 2


def test_a_new_version_of_the_calendar_moves_what_runs_and_says_so(life):
    rules = policy(c=clock("opened", "resolved", 4 * 3600, calendar="office"))
    case = life(rules, hours=office()).happens(0, Moment.OPENED)
    longer = office(hours={"mon": ["08:00-18:00"]})
    (moved,) = case.follows(1, NewTerms({"office": (2, longer)}))
    assert (case.due("c"), case.watches["c"].calendar) == (16, ("office", 2))
    assert (moved.due_before - case.noon) / HOUR == 18.5
    assert not moved.late_by_change
    assert case.follows(1, NewTerms({"office": (2, longer)})) == []


def test_what_a_stricter_policy_makes_late_is_nobodys_fault(life):
    case = life(policy(c=clock("opened", "resolved", 48 * 3600))).happens(0, Moment.OPENED)
    stricter = policy(version=2, c=clock("opened", "resolved", 3600))
    (moved,) = case.follows(5, NewTerms({}, stricter))
    late = case.watches["c"]
    assert (moved.late_by_change, late.late_by_change, late.policy.version) == (True, True, 2)
    assert case.due("c") == 1


def test_a_milder_policy_does_not_excuse_a_breach(life):
    case = life(policy(c=clock("opened", "resolved", 3600))).happens(0, Moment.OPENED)
    case.follows(5, NewTerms({}, policy(version=2, c=clock("opened", "resolved", 48 * 3600))))
    assert (case.watches["c"].breached_at - case.noon) / HOUR == 1


def test_a_clock_that_the_new_policy_does_not_know_keeps_its_own(life):
    case = life(policy(c=clock("opened", "resolved"))).happens(0, Moment.OPENED)
    assert case.follows(0.5, NewTerms({}, policy(version=2, d=clock("opened", "resolved")))) == []
    assert case.watches["c"].policy.version == 1


def test_b08_the_order_of_the_targets_is_their_precedence(life):
    targets = [
        {"when": "vip", "seconds": 900},
        {"when": 'tier == "primary"', "seconds": 1800},
        {"seconds": 60},
    ]
    case = life(policy(c=clock("opened", "resolved", targets=targets)), facts=FACTS | {"vip": True})
    assert case.happens(0, Moment.OPENED).due("c") == 0.25


def test_whether_a_promise_was_kept_is_asked_of_the_clocks_that_the_moment_stops(life):
    rules = policy(answer=clock("opened", "responded", 3600), whole=clock("opened", "resolved", 60))
    case = life(rules).happens(0, Moment.OPENED).happens(0.5, Moment.RESPONDED)
    assert watch.kept(case.watches, Moment.RESPONDED)
    case.happens(1, Moment.RESOLVED)
    assert not watch.kept(case.watches, Moment.RESOLVED)


def test_taking_notice_holds_until_the_next_step(life):
    case = life(policy(c=clock("opened", "resolved"))).happens(0, Moment.OPENED)
    climbed = case.watches["c"].climbed(case.watches["c"].upcoming, case.at(0))
    case.watches.put(climbed)
    watch.acknowledge(case.watches)
    assert case.watches["c"].climb.acknowledged
    assert not case.watches["c"].climbed(case.watches["c"].upcoming, case.at(0)).climb.acknowledged


def test_a_change_makes_earlier_timers_stale(life):
    case = life(policy(c=clock("opened", "resolved", **PAUSES))).happens(0, Moment.OPENED)
    generations = [case.watches["c"].generation]
    case.pauses(0.1).resumes(0.2)
    generations.append(case.watches["c"].generation)
    case.happens(0.3, Moment.RESOLVED)
    generations.append(case.watches["c"].generation)
    assert generations == sorted(set(generations))
    assert replace(case.watches["c"]).kept == ()


def test_who_turns_out_to_be_vip_is_promised_what_vip_customers_are(life):
    rules = policy(
        pick_up=clock("opened", "assigned", 60, when="vip"),
        all=clock("opened", "assigned"),
        late=clock("resolved", "archived", when="vip"),
    )
    case = life(rules).happens(0, Moment.OPENED)
    begun = watch.begin_late(
        case.watches,
        rules,
        {Moment.OPENED},
        facts=FACTS | {"vip": True},
        calendars={},
        because=BECAUSE,
        now=case.at(2),
    )
    assert [one.name for one in begun] == ["pick_up"]
    assert begun[0].due_at == case.at(2) + timedelta(seconds=60)
    again = {"facts": FACTS | {"vip": True}, "calendars": {}, "because": BECAUSE, "now": case.at(3)}
    assert watch.begin_late(case.watches, rules, {Moment.OPENED, Moment.ASSIGNED}, **again) == []
