from datetime import UTC, datetime

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.calendars.policy import document
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.calendars.sources import holidays_of
from careloop_ticketing.staff.policy import Presence, nearness, speaks


@pytest.fixture(scope="module")
def office_hours():
    written = defaults.calendars()["cn-business"]
    return Compiled(document.read(written, holidays_of(written["holidays"], 2026)), 2026)


@pytest.mark.parametrize(
    ("presence", "at_work", "on_duty"),
    [
        (Presence(), True, True),
        (Presence(rostered=True), False, False),
        (Presence(rostered=True, in_shift=True), True, True),
        (Presence(rostered=True, in_shift=True, on_break=True), True, False),
        (Presence(rostered=True, in_shift=True, on_leave=True), False, False),
        (Presence(on_leave=True), False, False),
    ],
)
def test_who_has_no_hours_is_there_and_who_has_shifts_is_there_in_them(noon, presence, at_work, on_duty):
    assert (presence.at_work(noon), presence.on_duty(noon)) == (at_work, on_duty)


@pytest.mark.parametrize(
    ("wall", "there"),
    [
        ("2026-02-13T09:00", True),
        ("2026-02-13T12:00", False),  # the lunch break begins
        ("2026-02-14T10:00", True),  # a Saturday that is worked for the Spring Festival
        ("2026-02-17T10:00", False),  # the Spring Festival
        ("2026-02-21T10:00", False),
    ],
)
def test_hours_of_a_calendar_know_holidays_and_make_up_workdays(office_hours, wall, there):
    now = datetime.fromisoformat(f"{wall}:00+08:00").astimezone(UTC)
    assert Presence(hours=office_hours).on_duty(now) is there
    assert Presence(rostered=True, in_shift=True, hours=office_hours).on_duty(now), "a shift counts besides"


@pytest.mark.parametrize(
    ("wall", "at_work"),
    [
        ("2026-02-13T08:59", False),
        ("2026-02-13T12:00", True),
        ("2026-02-13T13:29", True),
        ("2026-02-13T18:00", False),  # a Friday
        ("2026-02-14T03:00", False),
        ("2026-02-14T12:30", True),
        ("2026-02-17T12:30", False),
    ],
)
def test_the_lunch_break_of_a_calendar_ends_no_working_day(office_hours, wall, at_work):
    now = datetime.fromisoformat(f"{wall}:00+08:00").astimezone(UTC)
    assert Presence(hours=office_hours).at_work(now) is at_work
    assert not Presence(hours=office_hours).on_duty(now)
    assert not Presence(hours=office_hours, on_leave=True).at_work(now)


@pytest.mark.parametrize(
    ("own", "wanted", "spoken"),
    [
        (["zh"], "zh-CN", True),
        (["zh-CN"], "zh", True),
        (["zh-HK"], "zh-CN", False),
        (["en", "zh"], "ZH", True),
        (["zha"], "zh", False),
        (["en"], "zh", False),
    ],
)
def test_a_language_is_spoken_in_its_variants(own, wanted, spoken):
    assert speaks(own, wanted) is spoken


@pytest.mark.parametrize(
    ("own", "region", "near"),
    [
        ([], "广东/深圳", 0),
        (["广东"], "广东/深圳", 1),
        (["广东/深圳", "广东"], "广东/深圳/南山", 2),
        (["广东"], "广东省", None),
        (["广东/深圳"], "广东", None),
        (["北京"], None, None),
    ],
)
def test_a_region_is_served_with_all_that_lies_within(own, region, near):
    assert nearness(own, region) == near
