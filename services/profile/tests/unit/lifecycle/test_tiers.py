"""Tiers of value, which change when one period after the other agrees."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import floor
from uuid import UUID

from careloop_profile.lifecycle.policy.tiers import TIERS, End, Place, Rank, end, settle, tier_of, worth
from hypothesis import given
from hypothesis import strategies as st

PERIODS = 2
START = datetime(2024, 1, 1, tzinfo=UTC)


worths = st.sampled_from([0.0, 10.0, 80.0, 80.00000000000001, 900.0])
joins = st.one_of(st.none(), st.sampled_from([START, START + timedelta(days=1)]))
persons = st.lists(
    st.builds(Place, worths, joins, st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))),
    max_size=60,
    unique_by=lambda place: place.person_id,
)
shares = st.tuples(*[st.integers(0, 33).map(lambda percent: percent / 100)] * 3)


@given(persons, shares)
def test_no_tier_has_more_than_its_share_however_many_are_worth_the_same(crowd, given_shares):
    ranked = sorted((place for place in crowd if place.worth > 0), key=lambda place: place.order)
    rooms = [floor(round(share * len(ranked), 6)) for share in given_shares]
    before = [None, *ranked]
    ends = [end(before[last], next(iter(ranked[last:]), None)) for last in accumulate(rooms)]
    tiers = [tier_of(place, ends) for place in ranked]
    assert [tiers.count(tier) for tier in TIERS[:3]] == rooms
    assert tiers == sorted(tiers, key=TIERS.index), "who is worth more is in no lower tier"
    assert all(tier_of(place, ends) == "C" for place in crowd if place.worth <= 0)


def test_of_those_who_are_worth_the_same_who_joined_first_comes_first_then_the_lower_id():
    late, early, known, other = (
        Place(80, START + timedelta(days=1), UUID(int=1)),
        Place(80, START, UUID(int=9)),
        Place(80, None, UUID(int=3)),
        Place(80, None, UUID(int=4)),
    )
    best = Place(90, None, UUID(int=99))
    assert sorted([other, known, late, early, best], key=lambda place: place.order) == [
        best,
        early,
        late,
        known,
        other,
    ]


def test_where_a_tier_ends_names_nobody():
    last, following = (Place(80, START, UUID(int=number)) for number in (2**64, 2**65))
    assert end(last, following).cut not in {last.person_id, following.person_id}
    assert end(last, Place(80, None, UUID(int=1))) == End(80, START)
    assert end(last, Place(70, START, UUID(int=1))) == end(last, None) == End(80)
    assert end(None, following) is None


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
