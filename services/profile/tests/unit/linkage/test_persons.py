import pytest
from careloop_profile.linkage.policy import Verdict, agree, verdict
from careloop_profile.linkage.policy.persons import outcomes
from careloop_profile.linkage.policy.statistics import Band, precision
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("probability", "agreed", "found"),
    [
        (0.99, True, Verdict.MERGE),
        (0.99, False, Verdict.REVIEW),
        (0.9899, True, Verdict.REVIEW),
        (0.80, False, Verdict.REVIEW),
        (0.7999, True, Verdict.NOTHING),
    ],
)
def test_what_is_certain_is_merged_and_what_is_doubtful_is_asked(probability, agreed, found):
    assert verdict(probability, agreed=agreed) is found


def test_one_pair_that_is_alike_by_chance_does_not_outvote_the_others():
    assert not agree([40.0, -4.0, -4.0, -4.0])
    assert agree([9.0, -4.0])
    assert not agree([])


@given(st.lists(st.floats(-50, 50), max_size=20), st.floats(0, 50))
def test_more_that_speaks_for_it_never_turns_a_yes_into_a_no(weights, more):
    assert not agree(weights) or agree([*weights, more])


def test_probabilities_are_counted_by_what_they_lead_to():
    assert outcomes([0.999, 0.9, 0.85, 0.2]) == {"merge": 1, "review": 2}


def test_precision_is_the_share_of_yes():
    assert precision([Band(0.8, 1, 3), Band(0.95, 5, 1)]) == pytest.approx(0.6)
    assert precision([]) is None
