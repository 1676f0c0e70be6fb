from datetime import timedelta
from itertools import product

import pytest
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy import terms
from careloop_ticketing.vocabulary import Tier

BREACH = {"name": "a", "percent": 100, "action": "remind"}
CLOCK = {
    "start": ["opened"],
    "stop": ["resolved"],
    "targets": [{"seconds": 86400}],
    "ladders": [{"ladder": "x"}],
}


def document(steps=(BREACH,), **clock):
    return {"satisfaction_seconds": 60, "clocks": {"c": CLOCK | clock}, "ladders": {"x": list(steps)}}


def facts(**given):
    return {
        "kind": "complaint",
        "channel": "hotline",
        "tier": "primary",
        "vip": False,
        "region": None,
    } | given


def test_vip_targets_are_half_the_time(standard_policy, noon):
    for name, tier in product(("first_response", "resolution"), Tier):
        clock = standard_policy.clocks[name]
        of_vip = clock.target(facts(tier=tier, vip=True), noon)
        assert 2 * of_vip == clock.target(facts(tier=tier), noon)


def test_the_first_target_whose_condition_holds_applies(noon):
    targets = [{"when": 'region == "北京"', "seconds": 60}, {"when": "vip", "seconds": 120}, {"seconds": 180}]
    clock = terms.read(1, document(targets=targets)).clocks["c"]
    chosen = [
        clock.target(facts(**given), noon).total_seconds()
        for given in ({"region": "北京", "vip": True}, {"vip": True}, {})
    ]
    assert chosen == [60, 120, 180]


def test_a_clock_may_be_for_some_cases_only_and_pause_for_some_reasons_only(noon):
    given = {"when": 'kind == "fault"', "pausable": "!vip", "pauses": [{"reason": "parts", "approval": True}]}
    clock = terms.read(1, document(**given)).clocks["c"]
    assert clock.applies(facts(kind="fault"), noon)
    assert not clock.applies(facts(), noon)
    assert clock.may_pause("parts", facts(), noon)
    assert not clock.may_pause("parts", facts(vip=True), noon)
    assert not clock.may_pause("lunch", facts(), noon)
    assert clock.pauses["parts"].approval


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([BREACH | {"percent": 50}], "one step at 100 percent"),
        ([BREACH] * 2, "two steps alike"),
        ([BREACH, {"name": "b", "percent": 50, "action": "remind"}], "out of order"),
        (
            [
                BREACH,
                {"name": "b", "after_seconds": 90000, "action": "remind"},
                {"name": "c", "percent": 150, "action": "remind"},
            ],
            "out of order",
        ),
        ([{"name": "b", "before_seconds": 90000, "action": "remind"}, BREACH], "before its clock"),
        ([{"name": "b", "unacknowledged_seconds": 60, "action": "remind"}, BREACH], "Nothing comes before"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(steps, complaint):
    with pytest.raises(InvalidPolicy, match=complaint):
        terms.read(1, document(steps))


@pytest.mark.parametrize(
    ("clock", "pointer"),
    [
        ({"ladders": [{"ladder": "y"}]}, "/clocks/c/ladders/0/ladder"),
        ({"targets": [{"when": "vip", "seconds": 60}]}, "/clocks/c/targets/0"),
        ({"targets": [{"seconds": 60}, {"seconds": 90}]}, "/clocks/c/targets/0"),
        ({"targets": [{"when": "vp", "seconds": 60}, {"seconds": 90}]}, "/clocks/c/targets/0/when"),
        ({"when": 'tier == "primry"'}, "/clocks/c/when"),
        ({"pausable": "vip &&"}, "/clocks/c/pausable"),
        ({"start": ["opened"], "stop": ["opened"]}, "/clocks/c/stop"),
    ],
)
def test_what_does_not_fit_together_is_refused_where_it_stands(clock, pointer):
    with pytest.raises(InvalidPolicy) as refused:
        terms.read(1, document(**clock))
    assert refused.value.pointer == pointer


def test_the_windows_of_a_policy_are_read():
    policy = terms.read(7, document(calendar="cn-business"))
    assert (policy.version, policy.satisfaction_window) == (7, timedelta(minutes=1))
    assert policy.calendars == {"cn-business"}


def test_what_was_put_in_force_once_stays_readable_whatever_would_be_refused_today(noon):
    """Nor does whoever reads it search for tickets that meet its conditions: clocks wait for it."""
    policy = terms.read(1, document(when="reopened < 0"))
    assert not policy.clocks["c"].applies(facts(), noon)
