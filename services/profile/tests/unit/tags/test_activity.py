"""From counts to windows."""

from datetime import UTC, date, datetime, timedelta

from careloop_profile.tags.policy.activity import Activity, Added, Sum, activity, grown
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 6, 15)
AT = datetime(2026, 6, 15, 9, tzinfo=UTC)


def did(channel="hotline", kind="call", counts=(1, 1, 1), amounts=(0.0, 0.0, 0.0), at=AT):
    return Sum(channel, kind, counts, amounts, at)


def ago(*days):
    return {TODAY - timedelta(days=day) for day in days}


def test_a_window_has_so_many_days_and_the_current_one_is_the_last():
    told = activity([], ago(-1, 0, 6, 7, 29, 30, 89, 90), TODAY)
    assert [told.metrics[f"active_days.{window}"] for window in ("7d", "30d", "90d")] == [3, 5, 7]


def test_amounts_are_added_by_what_they_are_for():
    sums = [
        did(kind="payment", amounts=(0, 30.5, 30.5), counts=(0, 1, 1)),
        did(kind="recharge", amounts=(20, 20, 40), counts=(1, 1, 2)),
        did(kind="refund", amounts=(5, 5, 5)),
    ]
    told = activity(sums, (), TODAY)
    assert [told.metrics[f"paid.{window}"] for window in ("7d", "30d", "90d")] == [20, 50.5, 70.5]
    assert told.metrics["refunded.30d"] == 5


def test_channels_are_counted_by_what_they_have_in_common():
    told = activity(
        [did("app_ios", counts=(2, 2, 2)), did("mini_program"), did("web", counts=(0, 0, 1))], (), TODAY
    )
    assert (told.metrics["by_app.7d"], told.metrics["by_web.90d"]) == (3, 1)
    assert (told.metrics["channels.7d"], told.metrics["channels.90d"]) == (2, 3)
    assert "by_web.30d" not in told.metrics


def test_kinds_that_no_rule_knows_count_among_all():
    told = activity([did(kind="dance", counts=(4, 4, 4))], (), TODAY)
    assert told.metrics["interactions.7d"] == 4
    assert "dance.7d" not in told.metrics
    assert told.lasts == {}


def test_the_last_time_of_a_kind_is_that_of_any_channel():
    earlier = AT - timedelta(days=200)
    told = activity(
        [did("web", at=earlier, counts=(0, 0, 0)), did("hotline"), did("kiosk", at=earlier)], (), TODAY
    )
    assert told.lasts == {"call": AT}


sums = st.builds(
    did,
    st.sampled_from(["web", "app_ios", "hotline", "carrier_pigeon"]),
    st.sampled_from(["call", "payment", "dance"]),
    st.lists(st.integers(0, 50), min_size=3, max_size=3).map(lambda some: tuple(sorted(some))),
)


@given(st.lists(sums, max_size=20), st.sets(st.integers(-1, 120)), st.randoms())
def test_a_longer_window_never_has_less_and_the_order_says_nothing(some, days, dice):
    told = activity(some, ago(*days), TODAY)
    for name in ("interactions", "call", "active_days", "by_app", "channels"):
        counts = [told.metrics.get(f"{name}.{window}", 0) for window in ("7d", "30d", "90d")]
        assert counts == sorted(counts)
    shuffled = list(some)
    dice.shuffle(shuffled)
    assert activity(shuffled, ago(*days), TODAY) == told


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hotline", "web", "app_ios", "carrier_pigeon"]),
            st.sampled_from(["call", "payment", "recharge", "refund", "browse"]),
            st.integers(1, 50),
            st.integers(-(10**9), 10**9),
            st.integers(0, 10**6),
        ),
        min_size=1,
        unique_by=lambda one: one[:2],
    ),
    st.data(),
)
def test_adding_to_what_today_has_comes_to_what_summing_anew_comes_to(today, data):
    def told(times):
        sums = [
            did(by, kind, (count * n,) * 3, (cents * n / 10_000,) * 3, AT + timedelta(seconds=second))
            for n, (by, kind, count, cents, second) in zip(times, today, strict=True)
            if n
        ]
        return activity(sums, ago(0), TODAY)

    more = data.draw(st.lists(st.integers(0, 3), min_size=len(today), max_size=len(today)))
    added = [
        Added(by, kind, count * n, cents * n / 10_000, AT + timedelta(seconds=second))
        for n, (by, kind, count, cents, second) in zip(more, today, strict=True)
        if n
    ]
    before, after = told([1] * len(today)), told([1 + n for n in more])
    assert grown(before, added) == after


def test_what_happened_earlier_today_does_not_put_the_last_time_back():
    before = Activity({"call.7d": 1}, {"call": AT})
    assert grown(before, [Added("hotline", "call", 1, 0.0, AT - timedelta(hours=1))]).lasts == {"call": AT}


def test_what_was_paid_and_given_back_is_nothing():
    before = activity([did(kind="payment", amounts=(5.5, 5.5, 5.5))], ago(0), TODAY)
    assert "paid.7d" in before.metrics
    after = grown(before, [Added("hotline", "payment", 1, -5.5, AT)])
    assert after == activity([did(kind="payment", counts=(2, 2, 2))], ago(0), TODAY)
