import pytest
from careloop_ticketing.classification.durations import longest_days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("等了5天", 5),
        ("等了五天", 5),
        ("等了十二天", 12),
        ("超过三天没发货", 3.5),
        ("三天没发货", 3),
        ("三天多", 3),
        ("一周了", 7),
        ("两个星期", 14),
        ("半个月", 15),
        ("两个多月", 75),
        ("24小时", 1),
        ("waiting for 10 days", 10),
        ("more than two weeks", 17.5),
        ("a 3-day wait", 3),
        ("an hour", 1 / 24),
        ("for a week, then 2 days", 7),
        ("5月3日下单", 0),
        ("Canada days", 0),
        ("nothing here", 0),
    ],
)
def test_durations_as_customers_write_them(text, days):
    assert longest_days(text) == pytest.approx(days)
