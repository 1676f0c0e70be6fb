from datetime import date, timedelta

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.calendars.policy import document as documents
from careloop_ticketing.calendars.schemas import EXAMPLE, Calendar

WORK = {"date": "2026-05-04", "kind": "work"}
WRONG = {
    "unknown zone": ({"zone": "Asia/Atlantis"}, "/zone"),
    "a directory": ({"zone": "Europe"}, "/zone"),
    "no path": ({"zone": "../etc/passwd"}, "/zone"),
    "overlap": ({"hours": {"mon": ["09:00-12:00", "11:59-13:00"]}}, "/hours/mon"),
    "out of order": ({"hours": {"mon": ["13:00-14:00", "09:00-12:00"]}}, "/hours/mon"),
    "two nights": ({"hours": {"mon": ["20:00-02:00", "22:00-23:00"]}}, "/hours/mon"),
    "into the next day": ({"hours": {"sun": ["22:00-06:00"], "mon": ["05:00-09:00"]}}, "/hours/sun"),
    "empty": ({"hours": {"tue": ["09:00-09:00"]}}, "/hours/tue"),
    "starts at 24": ({"hours": {"tue": ["24:00-24:00"]}}, "/hours/tue"),
    "no time": ({"hours": {}}, "/hours"),
    "only days off": ({"hours": {}, "exceptions": [{"date": "2026-05-04", "kind": "off"}]}, "/hours"),
    "too early": ({"exceptions": [WORK | {"date": "1969-12-31"}]}, "/exceptions/0/date"),
    "too late": ({"exceptions": [WORK | {"date": "2200-01-01"}]}, "/exceptions/0/date"),
    "twice": ({"exceptions": [WORK, WORK]}, "/exceptions/1/date"),
    "off with hours": (
        {"exceptions": [{"date": "2026-05-04", "kind": "off", "hours": ["09:00-10:00"]}]},
        "/exceptions/0/hours",
    ),
    "work without": ({"hours": {"tue": ["09:00-10:00"]}, "exceptions": [WORK]}, "/exceptions/0/hours"),
    "too many": ({"exceptions": [WORK] * 2001}, "/exceptions"),
}


@pytest.mark.parametrize(("change", "pointer"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_together_is_refused_where_it_is(change, pointer):
    document = {"zone": "Europe/Berlin", "hours": {"mon": ["09:00-10:00"]}} | change
    with pytest.raises(InvalidCalendar) as refused:
        documents.read(document)
    assert refused.value.pointer == pointer


def test_hours_that_touch_are_no_overlap():
    week = {"mon": ["00:00-12:00", "12:00-24:00"], "tue": ["22:00-06:00"], "wed": ["06:00-09:00"]}
    assert documents.read({"zone": "UTC", "hours": week}).week[0][1][1] == 24 * 3600 * 10**6


def test_the_shipped_calendars_and_the_example_are_valid():
    for document in (*defaults.calendars().values(), EXAMPLE):
        documents.read(Calendar.model_validate(document).model_dump(mode="json", exclude_none=True))


def test_the_longest_row_of_days_on_which_nobody_works():
    week = {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]}
    off = [{"date": f"2026-05-{day:02d}", "kind": "off"} for day in (4, 5, 11)]
    calendar = documents.read({"zone": "UTC", "hours": week, "exceptions": off})
    # From Wednesday to Monday, over a Monday and a Tuesday that are off, and another Monday.
    assert calendar.closed_for(date(2026, 4, 20), date(2026, 6, 1)) == (timedelta(days=13), date(2026, 4, 29))
    assert calendar.closed_for(date(2026, 5, 18), date(2026, 5, 19)) == (timedelta(), date(2026, 5, 18))
