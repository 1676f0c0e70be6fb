"""From counts by the day to windows."""

from datetime import UTC, date, datetime, timedelta

from careloop_profile.tags.policy.activity import Bucket, activity
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 6, 15)


def bucket(age, channel="hotline", kind="call", count=1, amount=0.0):
    day = TODAY - timedelta(days=age)
    return Bucket(day, channel, kind, count, amount, datetime(day.year, day.month, day.day, 9, tzinfo=UTC))


def test_a_window_has_so_many_days_and_the_current_one_is_the_last():
    told = activity([bucket(0), bucket(6), bucket(7), bucket(29), bucket(30), bucket(89), bucket(90)], TODAY)
    assert [told.metrics[f"call.{window}"] for window in ("7d", "30d", "90d")] == [2, 4, 6]


def test_amounts_are_added_by_what_they_are_for():
    buckets = [
        bucket(1, kind="payment", amount=30.5),
        bucket(2, kind="recharge", amount=20),
        bucket(2, kind="refund", amount=5),
    ]
    told = activity(buckets, TODAY)
    assert told.metrics["paid.30d"] == 50.5
    assert told.metrics["refunded.30d"] == 5


def test_channels_are_counted_by_what_they_have_in_common():
    told = activity([bucket(1, "app_ios", count=2), bucket(1, "mini_program"), bucket(2, "web")], TODAY)
    assert (told.metrics["by_app.7d"], told.metrics["by_web.7d"]) == (3, 1)
    assert (told.metrics["channels.7d"], told.metrics["active_days.7d"]) == (3, 2)


def test_kinds_that_no_rule_knows_count_among_all():
    told = activity([bucket(1, kind="dance", count=4)], TODAY)
    assert told.metrics["interactions.7d"] == 4
    assert "dance.7d" not in told.metrics
    assert told.lasts == {}


buckets = st.builds(
    bucket,
    st.integers(-1, 120),
    st.sampled_from(["web", "app_ios", "hotline", "carrier_pigeon"]),
    st.sampled_from(["call", "payment", "dance"]),
    st.integers(1, 50),
    st.floats(0, 1e6),
)


@given(st.lists(buckets, max_size=30))
def test_a_longer_window_never_has_less(some):
    metrics = activity(some, TODAY).metrics
    for name in ("interactions", "call", "active_days", "by_app"):
        counts = [metrics.get(f"{name}.{window}", 0) for window in ("7d", "30d", "90d")]
        assert counts == sorted(counts)


@given(st.lists(buckets, max_size=20), st.randoms())
def test_the_order_of_days_says_nothing(some, dice):
    shuffled = list(some)
    dice.shuffle(shuffled)
    one, other = activity(some, TODAY), activity(shuffled, TODAY)
    assert one.lasts == other.lasts
    assert one.metrics.keys() == other.metrics.keys()
