"""Parts of a policy that could never have an effect are refused before it is in force."""

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy import sound


def document(targets=(), pauses=()):
    clock = {"targets": [*({"when": when} for when in targets), {}], "ladders": [{}], "pauses": pauses}
    return {"clocks": {"c": clock}}


def test_the_shipped_policy_is_sound():
    sound.check(defaults.sla_policy())


@pytest.mark.parametrize(
    ("targets", "place"),
    [
        (["vip", "vip"], 1),
        (["true", "vip"], 1),
        (["vip", "!vip", 'kind == "fault"'], 2),
        (['tier in ["primary", "advanced"]', "vip", 'vip && tier == "advanced"'], 2),
    ],
)
def test_a_target_that_those_before_it_take_everything_from_is_refused(targets, place):
    with pytest.raises(InvalidPolicy) as refused:
        sound.check(document(targets))
    assert refused.value.pointer == f"/clocks/c/targets/{place}/when"


@pytest.mark.parametrize(
    "targets", [["vip", "!vip"], ["vip && reopened > 1", "vip"], ['region == "北京"', 'region != "北京"']]
)
def test_the_last_target_may_be_there_for_what_nobody_thought_of(targets):
    sound.check(document(targets))


def test_a_condition_that_no_ticket_meets_is_refused():
    with pytest.raises(InvalidPolicy) as refused:
        sound.check(document(['tier == "primary" && tier == "advanced"']))
    assert refused.value.pointer == "/clocks/c/targets/0/when"


@pytest.mark.parametrize(
    "reasons", [["waiting_for_customer", "lunch"], ["waiting_for_customer", "waiting_for_customer"]]
)
def test_a_reason_that_nobody_can_give_or_that_is_there_twice_is_refused(reasons):
    pauses = [{"reason": reason, "approval": place == 0} for place, reason in enumerate(reasons)]
    with pytest.raises(InvalidPolicy) as refused:
        sound.check(document(pauses=pauses))
    assert refused.value.pointer == "/clocks/c/pauses/1/reason"
