from dataclasses import replace

import pytest
from careloop_scoring.scores import policy
from careloop_scoring.scores.policy import Band, Episode, Thresholds, Verdict
from hypothesis import given
from hypothesis import strategies as st

LIMITS = Thresholds()
VERDICT = Verdict(0.40, "medium", "champion", "potential")


def _warnings(probabilities: list[float]) -> int:
    episode, warnings = Episode(), 0
    for probability in probabilities:
        episode = policy.advance(episode, probability, LIMITS)
        if episode.at_risk and not episode.warned:
            warnings += 1
            episode = replace(episode, warned=True)
    return warnings


@pytest.mark.parametrize(
    ("probabilities", "warnings"),
    [
        ([0.59], 0),
        ([0.60], 1),
        ([0.70, 0.55, 0.65, 0.46, 0.90], 1),
        ([0.70, 0.44, 0.55], 1),
        ([0.70, 0.44, 0.60], 2),
    ],
)
def test_one_warning_per_episode(probabilities: list[float], warnings: int) -> None:
    assert _warnings(probabilities) == warnings


@given(st.lists(st.floats(0, 1), max_size=60))
def test_between_two_warnings_the_risk_was_below_the_lower_threshold(probabilities: list[float]) -> None:
    dips = sum(p < LIMITS.rearm_below for p in probabilities)
    assert _warnings(probabilities) <= dips + 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_bands_rise_with_the_probability(one: float, other: float) -> None:
    low, high = sorted((one, other))

    def band(probability: float) -> int:
        episode = policy.advance(Episode(), probability, LIMITS)
        return list(Band).index(policy.band(probability, episode, LIMITS))

    assert band(low) <= band(high)


@pytest.mark.parametrize(
    ("verdict", "changed"),
    [
        (VERDICT, False),
        (replace(VERDICT, probability=0.449), False),
        (replace(VERDICT, probability=0.451), True),
        (replace(VERDICT, band="high"), True),
        (replace(VERDICT, rfm_segment=None), True),
        (replace(VERDICT, tier="mass"), True),
    ],
)
def test_what_counts_as_a_change(verdict: Verdict, changed: bool) -> None:
    assert policy.changed(VERDICT, verdict, LIMITS) is changed


def test_the_first_verdict_is_a_change() -> None:
    assert policy.changed(None, VERDICT, LIMITS)


def test_thresholds_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        Thresholds(warn_at=0.4, rearm_below=0.5)
