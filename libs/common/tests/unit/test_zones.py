from datetime import UTC, date, datetime, timedelta

import pytest
from careloop_common import zones
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+8"])
def test_a_zone_is_found_by_its_name(name):
    assert zones.zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localtime",
        "posixrules",
        "Factory",
        "right/UTC",
        "posix/UTC",
        "Moon/Base",
        "Europe",
        "/etc/passwd",
        "asia/shanghai",
    ],
)
def test_what_only_some_machine_takes_for_a_zone_is_none(name):
    with pytest.raises(ValueError, match="no time zone"):
        zones.zone(name)


@given(st.integers(0, 8 * 3600 - 1))
def test_in_the_evening_of_utc_it_is_tomorrow_in_china_and_today_in_america(seconds):
    evening = datetime(2026, 3, 8, 16, tzinfo=UTC) + timedelta(seconds=seconds)
    for instant in (evening, evening.astimezone(zones.zone("Asia/Tokyo"))):
        assert zones.day_of(instant, "Asia/Shanghai") == date(2026, 3, 9)
        assert zones.day_of(instant, "America/Los_Angeles") == date(2026, 3, 8)
