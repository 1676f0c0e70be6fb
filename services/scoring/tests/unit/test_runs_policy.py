from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from careloop_scoring.runs import policy
from careloop_scoring.runs.policy import Schedule, Trained

NOW = datetime(2025, 3, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("train", "active", "leavers", "expected"),
    [
        ("yes", Trained(NOW, 100), 100, True),
        ("no", None, 100, False),
        ("auto", None, 100, True),
        ("auto", Trained(NOW - timedelta(days=3), 100), 119, False),
        ("auto", Trained(NOW - timedelta(days=3), 100), 120, True),
        ("auto", Trained(NOW - timedelta(days=31), 100), 100, True),
    ],
)
def test_when_a_run_trains(train: str, active: Trained | None, leavers: int, expected: bool) -> None:
    assert policy.should_train(train, active, leavers, NOW, 30) is expected


def test_a_daily_run_keeps_its_wall_clock_over_the_change_of_time() -> None:
    nightly = Schedule(None, time(2, 30), BERLIN)
    before = datetime(2025, 3, 29, 12, tzinfo=UTC)
    first = nightly.next_after(before)
    assert first == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)  # 02:30 does not exist that night
    assert first is not None
    second = nightly.next_after(first)
    assert second == datetime(2025, 3, 31, 0, 30, tzinfo=UTC)


def test_today_counts_while_its_time_is_ahead() -> None:
    assert Schedule(None, time(2, 30), ZoneInfo("UTC")).next_after(NOW) == NOW + timedelta(
        hours=2, minutes=30
    )


def test_an_interval_takes_the_place_of_the_daily_time_and_neither_means_never() -> None:
    assert Schedule(timedelta(hours=6), time(2, 30), BERLIN).next_after(NOW) == NOW + timedelta(hours=6)
    assert Schedule(None, None, BERLIN).next_after(NOW) is None
