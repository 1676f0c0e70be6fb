from datetime import date

import pytest
from careloop_profile.identifiers.policy import Reason, normalise_date
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "raw",
    [
        *("2020-01-05", "2020/1/5", "2020.1.5", "2020年1月5日", "2020 年 1 月 5 日", "20200105"),
        *("２０２０－０１－０５", "2020-01-05 10:20:30", "2020-01-05T10:20:30Z", "2020/01/05 8:00"),
        *("二〇二〇年一月五日", "二零二零年一月五日", "民国109年1月5日", "Jan 5, 2020", "5 January 2020"),
        *("5th Jan 2020", "5-Jan-2020", "2020年1月5号"),
    ],
)
def test_a_day_is_known_in_the_spellings_people_use(raw):
    assert (normalise_date(raw).value, normalise_date(raw).rules) == ("2020-01-05", ())


def test_the_serial_of_a_spreadsheet_is_repaired():
    for raw in ("43835", "43835.5"):
        assert (normalise_date(raw).value, normalise_date(raw).rules) == (
            "2020-01-05",
            ("spreadsheet_serial",),
        )


def test_the_end_of_the_year_in_chinese_numerals():
    assert normalise_date("二〇一九年十二月三十一日").value == "2019-12-31"
    assert normalise_date("一九九〇年十月二十日").value == "1990-10-20"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.EMPTY),
        ("无", Reason.PLACEHOLDER),
        ("0000-00-00", Reason.PLACEHOLDER),
        ("0000/00/00", Reason.PLACEHOLDER),
        ("1900-01-01", Reason.PLACEHOLDER),
        ("9999-12-31", Reason.PLACEHOLDER),
        ("2020-02-30", Reason.NOT_A_DATE),
        ("2020-1", Reason.NOT_A_DATE),
        ("soon", Reason.NOT_A_DATE),
        ("03/04/2020", Reason.AMBIGUOUS),
        ("20-1-5", Reason.AMBIGUOUS),
    ],
)
def test_what_is_no_day_says_why(raw, reason):
    assert (normalise_date(raw).value, normalise_date(raw).reason) == (None, reason)


def test_day_and_month_are_told_apart_where_they_can_be():
    assert normalise_date("5/13/2020").value == normalise_date("13/5/2020").value == "2020-05-13"
    assert normalise_date("4/04/2020").value == "2020-04-04"


@given(st.dates(date(1901, 1, 1), date(2100, 1, 1)))
def test_every_day_comes_back_from_every_spelling(day):
    spellings = (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
    )
    assert {normalise_date(spelt).value for spelt in spellings} == {day.isoformat()}


@given(st.text(max_size=30))
def test_every_text_is_either_a_day_or_refused(raw):
    outcome = normalise_date(raw)
    assert (outcome.value is None) != (outcome.reason is None)
