from datetime import timedelta

import pytest
from careloop_ticketing.ranks import Level, Tier
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import ladder, terms
from careloop_ticketing.sla.policy.ladder import Action, Step

DAY = timedelta(days=1)


def climbed(steps, clock, now):
    """The names and hours of the steps that are due, in the order in which they are taken."""
    taken = []
    while (upcoming := ladder.next_step(steps, len(taken), clock)) and upcoming[1] <= now:
        taken.append(upcoming)
    return [
        (step.name, (due_at - clock.intervals[0].started_at).total_seconds() / 3600) for step, due_at in taken
    ]


def test_the_standard_ladder_climbs_to_the_committee(standard_policy, noon, after):
    steps = standard_policy.ladder("resolution", vip=False)
    assert climbed(steps, clocks.start(DAY, noon), after(days=3)) == [
        ("reminder", 12.0),
        ("one_level_up", pytest.approx(19.2)),
        ("breach", 24.0),
        ("regional_head", 30.0),
        ("group_committee", 36.0),
    ]


def test_the_ladder_of_vip_customers_goes_straight_to_the_regional_head(standard_policy):
    levels = [step.level for step in standard_policy.ladder("resolution", vip=True) if step.level]
    assert levels[0] is Level.REGIONAL_HEAD


def test_a_pause_moves_every_step_that_was_not_reached(standard_policy, noon, after):
    steps = standard_policy.ladder("resolution", vip=False)
    clock = clocks.pause(clocks.start(DAY, noon), after(hours=13))
    assert climbed(steps, clock, after(days=9)) == [("reminder", 12.0)]
    clock = clocks.resume(clock, after(hours=23))
    assert climbed(steps, clock, after(hours=40)) == [
        ("reminder", 12.0),
        ("one_level_up", pytest.approx(29.2)),
        ("breach", 34.0),
        ("regional_head", 40.0),
    ]


def test_a_step_may_stand_at_an_offset_after_the_target(noon, after):
    step = Step("call", Action.NOTIFY, after=timedelta(minutes=10), level=Level.MANAGER)
    assert ladder.next_step((step,), 0, clocks.start(DAY, noon)) == (step, after(days=1, minutes=10))


def test_the_top_of_the_ladder_has_no_next_step(standard_policy, noon):
    steps = standard_policy.ladder("first_response", vip=False)
    assert ladder.next_step(steps, len(steps), clocks.start(DAY, noon)) is None


def test_a_ladder_changed_after_the_breach_goes_on_behind_it(standard_policy, noon, after):
    clock = clocks.retarget(clocks.start(DAY, noon), DAY / 2, after(days=2))
    steps = standard_policy.ladder("resolution", vip=True)
    assert steps[ladder.taken_before_breach(steps, clock)].name == "group_committee"


@pytest.mark.parametrize("tier", Tier)
def test_vip_targets_are_half_the_time(standard_policy, tier):
    for clock in ("first_response", "resolution"):
        assert 2 * standard_policy.target(clock, tier, vip=True) == standard_policy.target(
            clock, tier, vip=False
        )


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([{"name": "a", "percent": 50, "action": "remind"}], "one step at 100 percent"),
        ([{"name": "a", "percent": 100, "action": "remind"}] * 2, "two steps alike"),
        (
            [
                {"name": "a", "percent": 100, "action": "remind"},
                {"name": "b", "percent": 50, "action": "remind"},
            ],
            "out of order",
        ),
        (
            [
                {"name": "a", "percent": 100, "action": "remind"},
                {"name": "b", "after_seconds": 90000, "action": "remind"},
                {"name": "c", "percent": 150, "action": "remind"},
            ],
            "out of order",
        ),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(steps, complaint):
    terms_of_clock = {"targets": {"primary": 86400}, "ladder": "x", "vip_targets": {}, "vip_ladder": "x"}
    with pytest.raises(InvalidPolicy, match=complaint):
        terms.read(
            1,
            {"satisfaction_seconds": 60, "clocks": {"resolution": terms_of_clock}, "ladders": {"x": steps}},
        )


def test_a_clock_on_a_ladder_that_is_not_there_is_refused():
    terms_of_clock = {"targets": {}, "ladder": "x", "vip_targets": {}, "vip_ladder": "x"}
    with pytest.raises(InvalidPolicy) as refused:
        terms.read(1, {"satisfaction_seconds": 60, "clocks": {"resolution": terms_of_clock}, "ladders": {}})
    assert refused.value.pointer == "/clocks/resolution/ladder"
