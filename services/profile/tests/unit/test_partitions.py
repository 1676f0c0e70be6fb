from datetime import date, timedelta
from itertools import pairwise

from careloop_profile.interactions.partitions import AHEAD, missing
from hypothesis import given
from hypothesis import strategies as st


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.lists(st.integers(0, 70), max_size=8))
def test_partitions_never_overlap_and_always_reach_ahead(first_day, gaps):
    """A platform that is started, stopped for weeks and started again."""
    made, day = [], first_day
    for gap in [0, *gaps]:
        day += timedelta(days=gap)
        made += missing(day, [span.name for span in made])
        assert missing(day, [span.name for span in made]) == []
        for ahead in range(AHEAD.days + 1):
            covering = [span for span in made if span.first <= day + timedelta(days=ahead) < span.last]
            assert len(covering) == 1
    ordered = sorted(made, key=lambda span: span.first)
    assert all(before.last <= after.first for before, after in pairwise(ordered))


def test_a_new_table_gets_the_months_behind_it():
    spans = missing(date(2025, 3, 3), [])
    assert {span.name for span in spans} >= {
        "interaction_p202502",
        "interaction_p202401",
        "interaction_p20250301",
    }
