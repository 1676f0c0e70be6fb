import pytest
from careloop_local.demo import figures
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("at", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)], ids=["p50", "p99", "max", "min"]
)
def test_a_quantile_is_a_value_that_occurred(at, value):
    assert figures.quantile(list(range(100, 0, -1)), at) == value


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_not_exceeded_by_its_share(values, at):
    found = figures.quantile(values, at)
    assert found in values
    assert sum(value <= found for value in values) >= at * len(values) - 1e-6


def test_counts_name_the_most_frequent_first():
    assert figures.counts({"need": 2, "price": 1_200, "a": 2}) == "price 1,200, a 2, need 2"
    assert figures.counts({}) == "none"


def test_spans_cross_time_zones():
    assert figures.seconds_between("2026-03-02T10:00:00+08:00", "2026-03-02T02:00:01.5Z") == 1.5


def test_durations_are_short_where_they_are_small():
    assert figures.duration(0.0123) == "12 ms"
    assert figures.duration(75) == "75.0 s"


def test_a_share_of_nothing_is_no_number():
    assert figures.share(0, 0) == "-"
    assert figures.share(1, 3) == "33.3 %"
