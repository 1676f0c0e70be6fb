"""Tiers of value, which change when one period after the other agrees."""

import pytest
from careloop_profile.lifecycle.policy.tiers import TIERS, Rank, bounds, quantiles, settle, tier_of, worth
from hypothesis import given
from hypothesis import strategies as st

PERIODS = 2


def test_shares_become_the_places_at_which_tiers_end():
    assert quantiles((0.01, 0.09, 0.3)) == [0.99, 0.9, 0.6]


@pytest.mark.parametrize(
    ("shares", "best"),
    [
        ((0.01, 0.09, 0.3), "S"),
        ((0, 0.09, 0.3), "A"),
        ((0, 0, 0.3), "B"),
        ((0, 0, 0), "C"),
        ((0.1, 0, 0), "S"),
    ],
)
def test_a_tier_of_no_share_has_nobody(shares, best):
    assert tier_of(900, bounds(shares, [900, 900, 900])) == best


@pytest.mark.parametrize(
    ("value", "tier"),
    [(900, "S"), (500, "S"), (499, "A"), (99, "B"), (50, "B"), (49, "C"), (0, "C"), (-3, "C")],
)
def test_the_tier_of_a_value(value, tier):
    assert tier_of(value, [500, 200, 50]) == tier


def test_what_somebody_is_worth_is_what_is_known_best():
    assert worth({'attribute("arpu")': 80.0, 'metric("paid", "90d")': 900, "monthly_fee": 5}) == 80
    assert worth({'metric("paid", "90d")': 900, "monthly_fee": 5}) == 300
    assert worth({"monthly_fee": 5}) == 5
    assert worth({}) == 0


def test_one_period_alone_changes_nothing():
    rank = settle(Rank("A"), "B", PERIODS)
    assert rank == Rank("A", "B", 1)
    assert settle(rank, "A", PERIODS) == Rank("A"), "the one after does not agree"
    assert settle(rank, "B", PERIODS) == Rank("B")
    assert settle(rank, "C", PERIODS) == Rank("A", "C", 1), "another one begins anew"


@given(st.lists(st.sampled_from(TIERS), min_size=1, max_size=20), st.integers(1, 4))
def test_nobody_changes_without_so_many_periods_in_a_row(seen, periods):
    rank = None
    for place, tier in enumerate(seen):
        before = rank
        rank = settle(rank, tier, periods)
        if before and rank.tier != before.tier:
            assert set(seen[place - periods + 1 : place + 1]) == {rank.tier}
    if len(set(seen[-periods:])) == 1 and len(seen) >= periods:
        assert rank.tier == seen[-1]
