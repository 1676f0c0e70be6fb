from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from careloop_scoring.customers.policy import DAYS_PER_MONTH, Activity, Subscription
from careloop_scoring.rfm import policy
from careloop_scoring.rfm.policy import Basis, CutPoints, Measures, Segment
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2025, 6, 30, tzinfo=UTC)
MEASURES = st.lists(
    st.tuples(st.floats(-400, 0), st.integers(1, 40), st.floats(0, 500)), min_size=1, max_size=80
).map(lambda rows: [Measures(UUID(int=i), r, float(f), m) for i, (r, f, m) in enumerate(rows)])


def _place(one: Measures, cuts: CutPoints) -> policy.Placement:
    placement = policy.place({Basis.ACTIVITY: one}, {Basis.ACTIVITY: cuts})
    assert placement is not None
    return placement


@given(MEASURES)
def test_quintiles_hold_equal_numbers_however_many_ties(measures: list[Measures]) -> None:
    cuts = policy.cut_points(measures)
    for name in ("recency", "frequency", "monetary"):
        scores = [getattr(_place(one, cuts), name) for one in measures]
        sizes = [scores.count(k) for k in range(1, 6) if k <= len(measures)]
        assert max(sizes) - min(sizes) <= 1
        assert sum(sizes) == len(measures)


@given(MEASURES, st.integers(0, 79), st.sampled_from(["recency", "frequency", "monetary"]))
def test_being_worth_more_never_lowers_a_score(measures: list[Measures], pick: int, name: str) -> None:
    cuts = policy.cut_points(measures)
    one = measures[pick % len(measures)]
    better = Measures(
        one.customer_id, *(getattr(one, n) + (n == name) for n in ("recency", "frequency", "monetary"))
    )
    assert getattr(_place(better, cuts), name) >= getattr(_place(one, cuts), name)


@given(MEASURES)
def test_equal_customers_are_in_one_segment(measures: list[Measures]) -> None:
    cuts = policy.cut_points(measures)
    twin = Measures(UUID(int=10**9), measures[0].recency, measures[0].frequency, measures[0].monetary)
    assert _place(twin, cuts).segment is _place(measures[0], cuts).segment


@given(MEASURES)
def test_cut_points_survive_their_dictionary(measures: list[Measures]) -> None:
    cuts = policy.cut_points(measures)
    assert CutPoints.from_dict(cuts.to_dict()) == cuts


def test_the_eight_corners_are_the_eight_segments_each_named_twice() -> None:
    corners = [Measures(UUID(int=i), -100.0 * (i & 1), 1.0 + (i & 2), 10.0 * (i & 4)) for i in range(8)]
    cuts = policy.cut_points(corners)
    assert {_place(one, cuts).segment for one in corners} == set(Segment) == set(policy.NAMES)
    assert _place(Measures(UUID(int=9), 0.0, 3.0, 40.0), cuts).segment is Segment.CHAMPION
    assert _place(Measures(UUID(int=9), -100.0, 1.0, 0.0), cuts).segment is Segment.DORMANT
    assert len({name for pair in policy.NAMES.values() for name in pair}) == 16


def test_payments_speak_before_subscriptions_where_cut_points_exist(make_facts) -> None:
    paid = Activity(9, 4, 200.0, 0, NOW, NOW - timedelta(days=3))
    measured = policy.measure(make_facts(activity=paid, monthly_fee=50.0), NOW)
    assert (measured[Basis.ACTIVITY].recency, measured[Basis.ACTIVITY].frequency) == (-3.0, 4.0)
    cuts = {basis: policy.cut_points([one]) for basis, one in measured.items()}
    placement = policy.place(measured, cuts)
    assert placement is not None
    assert placement.basis is Basis.ACTIVITY
    placement = policy.place(measured, {Basis.SUBSCRIPTION: cuts[Basis.SUBSCRIPTION]})
    assert placement is not None
    assert placement.basis is Basis.SUBSCRIPTION


def test_without_payments_the_subscriptions_are_measured(make_facts) -> None:
    subscriptions = (
        Subscription("mobile", "active", 30.0, None, date(2024, 6, 30)),
        Subscription("fibre", "active", 25.0, None, date(2025, 5, 31)),
    )
    facts = make_facts(subscriptions=subscriptions, tenure=12.0, activity=Activity(3, 0, 0.0, 1, NOW, None))
    measured = policy.measure(facts, NOW)
    assert measured == {Basis.SUBSCRIPTION: Measures(facts.customer_id, -30.0, 12.0, 55.0)}


@pytest.mark.parametrize(
    ("contract", "tenure", "days"),
    [
        ("One year", 14.0, 2 * DAYS_PER_MONTH),
        ("Two year", 14.0, 14 * DAYS_PER_MONTH),
        ("Month-to-month", 14.0, 0.0),
    ],
)
def test_a_contract_is_recent_when_it_was_renewed(
    make_facts, contract: str, tenure: float, days: float
) -> None:
    measured = policy.measure(make_facts(contract=contract, tenure=tenure), NOW)
    assert measured[Basis.SUBSCRIPTION].recency == pytest.approx(-days)


def test_nothing_known_gives_no_segment(make_facts) -> None:
    assert policy.place(policy.measure(make_facts(monthly_fee=None), NOW), {}) is None


def test_the_split_follows_the_mean() -> None:
    cuts = policy.cut_points(
        [Measures(UUID(int=i), -1.0, 1.0, float(m)) for i, m in enumerate((1, 1, 1, 1, 96))]
    )
    assert cuts.monetary.split == pytest.approx(20.0)
