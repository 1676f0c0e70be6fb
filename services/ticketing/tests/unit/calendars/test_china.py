"""Office hours in China: make-up workdays, golden weeks, and a year that is not published yet."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from careloop_ticketing.calendars import sources
from careloop_ticketing.calendars.errors import InvalidCalendar

GOLDEN = [
    ("2026-02-13 17:00", 4, "2026-02-14 12:00"),  # Saturday 02-14 makes up for the Spring Festival
    ("2026-02-13 17:00", 12, "2026-02-24 14:00"),
    ("2026-02-28 09:00", 7.5, "2026-02-28 18:00"),  # another Saturday that is worked
    ("2026-01-04 09:00", 1, "2026-01-04 10:00"),  # a Sunday that is worked
    ("2026-09-20 08:00", 8, "2026-09-21 09:30"),  # a Sunday before the National Day
    ("2026-09-30 17:30", 1, "2026-10-08 09:30"),
    ("2026-10-09 18:00", 7.5, "2026-10-10 18:00"),  # a Saturday after it
    ("2026-05-01 10:00", 2, "2026-05-06 11:00"),
    ("2025-12-31 17:00", 1, "2025-12-31 18:00"),
    ("2025-12-31 17:00", 1.5, "2026-01-04 09:30"),
]


@pytest.mark.parametrize(("start", "hours", "due"), GOLDEN)
def test_golden_cases(china, at, start, hours, due):
    assert china.add(at(start), timedelta(hours=hours)) == at(due)
    assert china.between(at(start), at(due)) == timedelta(hours=hours)
    assert not china.provisional(at(due))


def test_what_falls_into_a_year_that_is_not_published_is_provisional(china, at):
    assert china.valid_through == date(2026, 12, 31)
    assert not china.provisional(at("2026-12-31 23:59"))
    due = china.add(at("2026-12-31 17:00"), timedelta(hours=2))
    assert due.year == 2027
    assert china.provisional(due)


def test_every_day_from_2004_on_is_as_published_but_for_one():
    known, day, differ = sources.holidays_of("CN", 2020), date(2004, 1, 1), []
    while day <= date(2026, 12, 31):
        works = day in known.make_up or (day.weekday() < 5 and day not in known.off)
        if works != chinese_calendar.is_workday(day):
            differ.append(day)
        day += timedelta(days=1)
    assert differ == [date(2005, 12, 31)], "it was a workday: it made up for the New Year's holiday of 2006"


def test_a_year_is_not_official_as_long_as_the_sources_disagree(monkeypatch):
    published = chinese_calendar.is_workday
    monkeypatch.setattr(
        chinese_calendar, "is_workday", lambda day: (day != date(2026, 6, 1)) and published(day)
    )
    assert sources.holidays_of("CN", 2026).valid_through == date(2025, 12, 31)


def test_a_year_becomes_official_when_it_is_published(monkeypatch):
    guessed = sources.holidays.country_holidays("CN", years=2027)
    published = chinese_calendar.is_workday
    monkeypatch.setattr(
        chinese_calendar,
        "is_workday",
        lambda day: guessed.is_working_day(day) if day.year == 2027 else published(day),
    )
    assert sources.holidays_of("CN", 2026).valid_through == date(2027, 12, 31)


def test_make_up_workdays_have_the_hours_that_the_calendar_states(compiled, at):
    week = {"tue": ["08:00-20:00"]}
    calendar = compiled(week, "Asia/Shanghai", holidays="CN", make_up_hours=["10:00-15:00"])
    assert calendar.add(at("2026-02-14 00:00"), timedelta(hours=5)) == at("2026-02-14 15:00")
    without = compiled(week, "Asia/Shanghai", holidays="CN")
    assert without.add(at("2026-02-14 00:00"), timedelta(hours=5)) == at("2026-02-24 13:00")


def test_an_exception_outranks_the_holidays(compiled, at):
    exceptions = [{"date": "2026-02-14", "kind": "off"}, {"date": "2026-02-17", "kind": "work"}]
    calendar = compiled({"mon": ["09:00-10:00"]}, "Asia/Shanghai", holidays="CN", exceptions=exceptions)
    assert calendar.add(at("2026-02-14 00:00"), timedelta(hours=1)) == at("2026-02-17 10:00")


def test_other_countries_are_official_until_the_end_of_next_year(compiled, at):
    germany = sources.holidays_of("DE", 2026)
    bavaria = sources.holidays_of("DE-BY", 2026)
    assert germany.valid_through == date(2027, 12, 31)
    assert date(2026, 10, 3) in germany.off
    assert date(2026, 1, 6) in bavaria.off - germany.off


@pytest.mark.parametrize("source", ["ZZ", "DE-ZZ", "AQ-1"])
def test_an_unknown_source_is_refused(source):
    with pytest.raises(InvalidCalendar) as refused:
        sources.holidays_of(source, 2026)
    assert refused.value.pointer == "/holidays"
