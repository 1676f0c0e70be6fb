from datetime import timedelta
from itertools import product

import pytest
from careloop_ticketing.escalation import policy
from careloop_ticketing.escalation.policy import Consequence, Place
from careloop_ticketing.sla.policy.ladder import Action, Step
from careloop_ticketing.vocabulary import Level, Tier

AT_EXPERT = Place(Level.EXPERT, Tier.INTERMEDIATE)


@pytest.mark.parametrize(
    ("step", "consequence"),
    [
        (Step("s", Action.REMIND), Consequence(Level.EXPERT, Tier.INTERMEDIATE, "assignee")),
        (Step("s", Action.REASSIGN), Consequence(Level.MANAGER, Tier.INTERMEDIATE, "manager")),
        (
            Step("s", Action.REASSIGN, level=Level.REGIONAL_HEAD),
            Consequence(Level.REGIONAL_HEAD, Tier.INTERMEDIATE, "regional_head"),
        ),
        (
            Step("s", Action.RAISE_TIER),
            Consequence(Level.REGIONAL_HEAD, Tier.ADVANCED, "regional_head"),
        ),
        (
            Step("s", Action.NOTIFY, level=Level.GROUP_COMMITTEE),
            Consequence(Level.EXPERT, Tier.INTERMEDIATE, "group_committee"),
        ),
    ],
)
def test_each_action_has_its_consequence(step, consequence):
    assert policy.decide(step, AT_EXPERT) == consequence


def test_no_step_ever_lowers_a_ticket():
    for action, to, level, tier in product(Action, [None, *Level], Level, Tier):
        consequence = policy.decide(Step("s", action, level=to), Place(level, tier))
        assert consequence.level.rank >= level.rank
        assert consequence.tier.rank >= tier.rank


def test_nobody_is_above_the_committee():
    top = Place(Level.GROUP_COMMITTEE, Tier.ADVANCED)
    assert policy.decide(Step("s", Action.REASSIGN), top).level is Level.GROUP_COMMITTEE


def test_the_reason_names_clock_and_place():
    assert (
        policy.reason(Step("s", Action.REMIND, percent=80), "resolution")
        == "resolution at 80 % of its target"
    )
    late = Step("s", Action.REMIND, after=timedelta(seconds=90))
    assert policy.reason(late, "resolution") == "resolution 90 s after its target"
