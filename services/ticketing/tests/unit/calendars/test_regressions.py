"""Defects that other ticket systems have or had with working time, by their numbers in our survey."""

from datetime import UTC, timedelta

import pytest
from _calendar_oracle import WEEKDAYS

SPLIT = {day: ["08:00-09:15", "09:30-12:00", "13:00-15:45", "16:00-18:00"] for day in WEEKDAYS[:5]}


@pytest.mark.parametrize("percent", [1, 25, 50, 75, 90, 99, 100])
def test_b05_a_step_before_the_target_falls_into_working_hours_of_several_segments(compiled, at, percent):
    calendar = compiled(SPLIT)
    start, target = at("2026-03-06 17:30", "Europe/Berlin"), timedelta(hours=20)
    step, due = calendar.add(start, target * percent / 100), calendar.add(start, target)
    assert calendar.between(start, step) == target * percent / 100
    assert calendar.between(step - timedelta(seconds=1), step) == timedelta(seconds=1)
    assert step <= due
    assert step.astimezone(start.tzinfo).hour in range(8, 19), "and not at midnight"


def test_b06_time_on_hold_counts_as_working_time_only(compiled, at):
    calendar = compiled({key: ["09:00-17:00"] for key in WEEKDAYS[:5]})
    start, target = at("2026-03-06 09:00", "Europe/Berlin"), timedelta(hours=16)
    held, released = at("2026-03-06 16:00", "Europe/Berlin"), at("2026-03-09 10:00", "Europe/Berlin")
    left = target - calendar.between(start, held)
    assert calendar.between(held, released) == timedelta(hours=2), "a weekend on hold is no working time"
    assert calendar.add(released, left) == at("2026-03-10 11:00", "Europe/Berlin")
    assert calendar.add(released, left) == calendar.add(start, target + timedelta(hours=2))


def test_b12_a_day_round_the_clock_is_24_hours_over_daylight_saving(compiled, at):
    week = {key: ["00:00-24:00"] for key in WEEKDAYS}
    holiday = [{"date": "2026-12-25", "kind": "off"}]
    noon = at("2026-03-28 12:00", "Europe/Berlin")
    for calendar in (compiled(week), compiled(week, exceptions=holiday)):
        due = calendar.add(noon, timedelta(hours=24))
        assert due == at("2026-03-29 13:00", "Europe/Berlin")
        assert due - noon.astimezone(UTC) == timedelta(hours=24)


@pytest.mark.parametrize("day", WEEKDAYS)
def test_b13_any_weekday_alone_makes_a_calendar(compiled, at, day):
    calendar = compiled({day: ["09:00-12:00", "13:00-17:00"]})
    monday = at("2026-03-02 00:00", "Europe/Berlin")
    due = calendar.add(monday, timedelta(hours=7 + 3.5)).astimezone(monday.tzinfo)
    assert (WEEKDAYS[due.weekday()], due.strftime("%H:%M")) == (day, "13:30")
    assert due - monday > timedelta(days=7)


def test_b13_a_lunch_break_does_not_break_the_due_time(compiled, at):
    calendar = compiled({key: ["09:00-12:00", "13:00-17:00"] for key in WEEKDAYS[:5]})
    for start, due in (("11:30", "13:30"), ("12:30", "14:00"), ("12:00", "14:00")):
        assert calendar.add(at(f"2026-03-02 {start}", "Europe/Berlin"), timedelta(hours=1)) == at(
            f"2026-03-02 {due}", "Europe/Berlin"
        )
