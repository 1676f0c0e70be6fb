from dataclasses import replace
from datetime import timedelta

import pytest
from careloop_ticketing.calendars.policy import document as calendars
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder
from careloop_ticketing.sla.policy.ladder import Action, Climb, Step
from careloop_ticketing.vocabulary import Level

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BREACH = Step("breach", Action.NOTIFY, level=Level.MANAGER)
SILENCE = Step("deputy", Action.NOTIFY, level=Level.REGIONAL_HEAD, unacknowledged=HOUR)
LATER = Step("later", Action.NOTIFY, percent=150, level=Level.GROUP_COMMITTEE)


def taken(*steps, last_at=None):
    return Climb(tuple(step.mark for step in steps), last_at=last_at)


def climbed(steps, clock, now, *, acknowledged=()):
    """The names and hours of the steps that are due, in the order in which they are taken."""
    taken, climb = [], Climb()
    while (upcoming := ladder.next_step(steps, climb, clock)) and upcoming.due_at <= now:
        taken.append((upcoming.step.name, (upcoming.due_at - clock.intervals[0].started_at) / HOUR))
        climb = replace(
            ladder.after(steps, climb, upcoming, upcoming.due_at),
            acknowledged=upcoming.step.name in acknowledged,
        )
    return taken


def test_the_standard_ladder_climbs_to_the_committee(standard_policy, noon, after):
    steps = standard_policy.ladders["resolution"]
    assert climbed(steps, clocks.start(DAY, noon), after(days=3)) == [
        ("reminder", 12.0),
        ("one_level_up", pytest.approx(19.2)),
        ("breach", 24.0),
        ("regional_head", 30.0),
        ("group_committee", 36.0),
    ]


def test_the_ladder_of_vip_customers_goes_straight_to_the_regional_head(standard_policy):
    levels = [step.level for step in standard_policy.ladders["vip"] if step.level]
    assert levels[0] is Level.REGIONAL_HEAD


def test_a_pause_moves_every_step_that_was_not_reached(standard_policy, noon, after):
    steps = standard_policy.ladders["resolution"]
    clock = clocks.pause(clocks.start(DAY, noon), after(hours=13))
    assert climbed(steps, clock, after(days=9)) == [("reminder", 12.0)]
    clock = clocks.resume(clock, after(hours=23))
    assert climbed(steps, clock, after(hours=40)) == [
        ("reminder", 12.0),
        ("one_level_up", pytest.approx(29.2)),
        ("breach", 34.0),
        ("regional_head", 40.0),
    ]


@pytest.mark.parametrize("offset", [timedelta(minutes=10), -timedelta(hours=2)])
def test_a_step_may_stand_at_an_offset_from_the_target(noon, offset):
    step = Step("call", Action.NOTIFY, after=offset, level=Level.MANAGER)
    upcoming = ladder.next_step((step,), Climb(), clocks.start(DAY, noon))
    assert (upcoming.step, upcoming.due_at) == (step, noon + DAY + offset)


def test_the_top_of_the_ladder_has_no_next_step(standard_policy, noon):
    steps = standard_policy.ladders["first_response"]
    assert ladder.next_step(steps, taken(*steps), clocks.start(DAY, noon)) is None


def test_silence_after_a_step_calls_the_next_person(noon, after):
    steps = (BREACH, SILENCE, replace(SILENCE, name="head"), LATER)
    assert climbed(steps, clocks.start(DAY, noon), after(days=2)) == [
        ("breach", 24.0),
        ("deputy", 25.0),
        ("head", 26.0),
        ("later", 36.0),
    ]


def test_who_takes_notice_spares_the_next_person_but_not_the_steps_of_the_clock(noon, after):
    steps = (BREACH, SILENCE, LATER)
    clock = clocks.start(DAY, noon)
    assert climbed(steps, clock, after(days=2), acknowledged={"breach"}) == [
        ("breach", 24.0),
        ("later", 36.0),
    ]


def test_a_place_of_the_clock_that_comes_first_is_not_kept_waiting_by_silence(noon, after):
    patient = replace(SILENCE, unacknowledged=20 * HOUR)
    assert climbed((BREACH, patient, LATER), clocks.start(DAY, noon), after(days=3)) == [
        ("breach", 24.0),
        ("later", 36.0),
    ]


def test_nobody_is_called_for_a_clock_that_was_stopped_in_the_meantime(noon, after):
    clock = clocks.stop(clocks.start(DAY, noon), after(hours=24, minutes=30))
    assert climbed((BREACH, SILENCE), clock, after(days=3)) == [("breach", 24.0)]


def test_silence_counts_from_when_somebody_was_told_however_late(noon, after):
    clock = clocks.start(DAY, noon)
    steps = (BREACH, SILENCE)
    told = ladder.after(steps, Climb(), ladder.next_step(steps, Climb(), clock), after(hours=30))
    assert ladder.next_step(steps, told, clock).due_at == after(hours=31)


def _one_day(noon):
    """The hours of a calendar whose only working day begins at noon."""
    exception = {"date": noon.date().isoformat(), "kind": "work", "hours": ["12:00-24:00"]}
    document = {"name": "One day", "zone": "UTC", "hours": {}, "exceptions": [exception]}
    return Compiled(calendars.read(document), noon.year)


def test_a_step_beyond_the_horizon_of_the_calendar_does_not_hide_the_breach(noon, after):
    far = replace(LATER, percent=100, after=DAY)
    clock = clocks.start(HOUR, noon, _one_day(noon))
    assert climbed((BREACH, far), clock, after(days=9)) == [("breach", 1.0)]


def test_silence_calls_also_where_the_next_step_of_the_clock_lies_beyond_the_horizon(noon, after):
    far = replace(LATER, percent=100, after=DAY)
    clock = clocks.start(HOUR, noon, _one_day(noon))
    assert climbed((BREACH, SILENCE, far), clock, after(days=9)) == [("breach", 1.0), ("deputy", 2.0)]


def test_a_target_beyond_the_horizon_has_no_due_time_until_a_calendar_reaches_so_far(noon, after):
    clock = clocks.start(DAY, noon, _one_day(noon))
    assert (clock.due_at, ladder.next_step((BREACH,), Climb(), clock)) == (None, None)
    clock = clocks.retarget(clock, DAY, after(hours=1), clocks.ROUND_THE_CLOCK)
    assert clock.due_at == noon + DAY


HEAD = Step("head", Action.NOTIFY, after=HOUR, level=Level.REGIONAL_HEAD)
COMMITTEE = Step("committee", Action.NOTIFY, after=2 * HOUR, level=Level.GROUP_COMMITTEE)
REMINDER = Step("reminder", Action.REMIND, percent=50)


def to_come(steps, climb, clock, now, **more):
    """The names of the steps that are still taken after passing over to another ladder at an instant."""
    names, climb = [], ladder.joined(steps, climb, clock, now, **more)
    while upcoming := ladder.next_step(steps, climb, clock):
        names.append(upcoming.step.name)
        climb = ladder.after(steps, climb, upcoming, upcoming.due_at)
    return names


def overdue(noon, after, **late):
    """A clock of a day that is over its target, and the instant."""
    now = after(days=1, **late)
    return clocks.retarget(clocks.start(DAY, noon), DAY, now), now


def test_what_was_taken_is_not_taken_again_on_another_ladder(noon, after):
    clock, now = overdue(noon, after, hours=3)
    longer = (BREACH, HEAD, COMMITTEE, replace(HEAD, name="again", after=9 * HOUR))
    assert to_come(longer, taken(BREACH, HEAD, COMMITTEE), clock, now) == ["again"]


def test_what_stands_behind_the_breach_and_was_not_taken_is_still_to_come(noon, after):
    clock, now = overdue(noon, after, hours=3)
    assert to_come((BREACH, COMMITTEE, HEAD), taken(BREACH, HEAD), clock, now) == ["committee"]


def test_nobody_is_told_the_same_twice_because_a_ladder_names_it_differently(noon, after):
    clock, now = overdue(noon, after, hours=3)
    renamed = (BREACH, replace(HEAD, name="boss", after=2 * HOUR))
    assert to_come(renamed, taken(BREACH, HEAD), clock, now) == []
    twice = (*renamed, replace(HEAD, name="boss_again", after=9 * HOUR))
    assert to_come(twice, taken(BREACH, HEAD), clock, now) == ["boss_again"]


def test_who_was_only_warned_is_told_of_what_comes_behind_the_breach(noon, after):
    warning = Step("warning", Action.NOTIFY, percent=80, level=Level.REGIONAL_HEAD)
    clock = clocks.start(DAY, noon)
    assert to_come((BREACH, HEAD), taken(warning), clock, after(hours=20)) == ["breach", "head"]


def test_a_step_of_another_kind_is_the_same_under_another_name_if_it_stands_at_the_same_place(noon, after):
    raised = Step("raise", Action.RAISE_TIER, after=HOUR)
    clock, now = overdue(noon, after, hours=1)
    other = replace(raised, name="lift")
    assert to_come((BREACH, other), taken(BREACH, raised), clock, now) == []
    later = replace(other, after=2 * HOUR)
    assert to_come((BREACH, later), taken(BREACH, raised), clock, now) == ["lift"]


def test_a_breach_that_nobody_was_told_of_comes_first_on_the_other_ladder_and_when_it_was_due(noon, after):
    clock, now = overdue(noon, after, minutes=1)
    clock = clocks.retarget(clock, 9 * DAY, now)
    steps = (REMINDER, replace(BREACH, name="over"), HEAD)
    upcoming = ladder.next_step(steps, ladder.joined(steps, Climb(), clock, now), clock)
    assert (upcoming.step.name, upcoming.due_at) == ("over", after(days=1))
    assert to_come(steps, Climb(), clock, now) == ["over", "head"], "nothing before it is made up for"


def test_a_breach_is_told_also_if_another_step_has_had_its_name(noon, after):
    clock, now = overdue(noon, after)
    assert to_come((BREACH,), taken(replace(REMINDER, name="breach")), clock, now) == ["breach"]


def test_what_is_passed_on_the_way_to_the_breach_is_not_made_up_for_unless_it_was_owed(noon, after):
    clock, now = clocks.start(DAY, noon), after(hours=13)
    assert to_come((REMINDER, BREACH), Climb(), clock, now) == ["breach"]
    assert to_come((REMINDER, BREACH), Climb(), clock, now, owed={"reminder"}) == ["reminder", "breach"]


def test_a_silence_goes_on_on_another_ladder_as_if_it_had_been_the_same(noon, after):
    clock, now = overdue(noon, after, minutes=20)
    told = taken(BREACH, last_at=after(days=1))
    steps = (BREACH, SILENCE, replace(SILENCE, name="more"))
    climb = ladder.joined(steps, told, clock, now)
    assert ladder.next_step(steps, climb, clock).due_at == after(days=1, hours=1)
    heard = ladder.joined(steps, replace(told, acknowledged=True), clock, now)
    assert ladder.next_step(steps, heard, clock) is None


@pytest.mark.parametrize(
    ("turn", "back"), [(clocks.stop, clocks.reopen), (clocks.pause, clocks.resume)], ids=["stopped", "paused"]
)
def test_silence_counts_only_while_the_clock_runs(noon, after, turn, back):
    steps, told = (BREACH, SILENCE), taken(BREACH, last_at=after(days=1))
    clock = turn(clocks.start(DAY, noon), after(days=1, minutes=10))
    assert ladder.next_step(steps, told, clock) is None
    clock = back(clock, after(days=2))
    assert ladder.next_step(steps, told, clock).due_at == after(days=2, minutes=50)


def test_a_clock_that_has_stopped_owes_nothing_but_its_breach(noon, after):
    steps = (REMINDER, BREACH, HEAD)
    clock = clocks.stop(clocks.start(DAY, noon), after(days=2))
    upcoming = ladder.next_step(steps, Climb(), clock)
    assert (upcoming.step, upcoming.due_at) == (BREACH, after(days=1))
    assert ladder.next_step(steps, ladder.after(steps, Climb(), upcoming, after(days=3)), clock) is None


def test_a_step_behind_the_breach_is_never_due_before_it(noon, after):
    clock, now = overdue(noon, after, hours=1)
    clock = clocks.retarget(clock, HOUR, now)
    assert ladder.next_step((BREACH, HEAD), taken(BREACH), clock).due_at == after(days=1)
