"""Days in the spellings of people, forms and spreadsheets, to ISO 8601. Lunar dates are not read."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from careloop_profile.identifiers.policy.outcome import Outcome, Reason, refused, repair
from careloop_profile.identifiers.policy.text import clean, is_placeholder

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_CLOCK = r"(?:[T\s]+\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?"
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*(?:年\s*|([-/.\s])\s*)(\d{1,2})\s*(?:月\s*|\2\s*)(\d{1,2})\s*[日号]?" + _CLOCK, re.ASCII
)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _CLOCK, re.ASCII)
_SHORT_YEAR = re.compile(r"(\d\d)[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_SERIAL = re.compile(r"([1-7]\d{4})(?:\.\d+)?", re.ASCII)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(" + "|".join(_MONTHS) + r")[a-z]*\.?"
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+" + _MONTH + r",?[\s-]+(\d{4})", re.IGNORECASE)
_MONTH_DAY = re.compile(_MONTH + r"\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.IGNORECASE)
_CHINESE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"
)
_REPUBLIC = re.compile(r"民国(\d{1,3})年(\d{1,2})月(\d{1,2})日", re.ASCII)
_NUMERALS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_SERIAL_START: Final = date(1899, 12, 30)
_NEVER: Final = (date(1900, 1, 1), date(9999, 1, 1))
"""What systems write where they know no date: the first day they can spell, and the end of time."""


def normalise_date(raw: str) -> Outcome:
    """The day as YYYY-MM-DD, or the reason why it is none."""
    if match := _ISO.fullmatch(raw):
        return _day(match[1], match[2], match[3])
    text = clean(raw)
    if is_placeholder(text):
        return refused(Reason.PLACEHOLDER if text else Reason.EMPTY)
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(text):
        return _day(*match.groups())
    return _seldom(text)


def _seldom(text: str) -> Outcome:
    for form, reader in _SELDOM:
        if match := form.fullmatch(text):
            return reader(match)
    return _by_library(text)


def _by_library(text: str) -> Outcome:
    try:
        return Outcome(datetime.fromisoformat(text).date().isoformat())
    except ValueError:
        return refused(Reason.PLACEHOLDER if not text.strip("0-/.: ") else Reason.NOT_A_DATE)


def _day(year: str | int, month: str | int, day: str | int) -> Outcome:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        nothing = int(year) == int(month) == int(day) == 0
        return refused(Reason.PLACEHOLDER if nothing else Reason.NOT_A_DATE)
    if found <= _NEVER[0] or found >= _NEVER[1]:
        return refused(Reason.PLACEHOLDER)
    return Outcome(found.isoformat())


def _serial(match: re.Match[str]) -> Outcome:
    found = _SERIAL_START + timedelta(days=int(match[1]))
    return repair(refused(Reason.NOT_A_DATE), found.isoformat(), "spreadsheet_serial", 0.9995)


def _day_or_month_first(match: re.Match[str]) -> Outcome:
    """03/04/2020 is a day in March or in April, depending on who wrote it."""
    one, other, year = match[1], match[3], match[4]
    as_day_first, as_month_first = _day(year, other, one), _day(year, one, other)
    if as_day_first.value and as_month_first.value and int(one) != int(other):
        return refused(Reason.AMBIGUOUS)
    return as_day_first if as_day_first.value else as_month_first


def _counted(numeral: str) -> int:
    """一 to 三十一."""
    tens, ten, ones = numeral.rpartition("十")
    return (int(tens.translate(_NUMERALS) or 1) * 10 if ten else 0) + int(ones.translate(_NUMERALS) or 0)


_SELDOM: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Outcome]], ...]] = (
    (_SERIAL, _serial),
    (_YEAR_LAST, _day_or_month_first),
    (_DAY_MONTH, lambda found: _day(found[3], _MONTHS.index(found[2].lower()) + 1, found[1])),
    (_MONTH_DAY, lambda found: _day(found[3], _MONTHS.index(found[1].lower()) + 1, found[2])),
    (_CHINESE, lambda found: _day(found[1].translate(_NUMERALS), _counted(found[2]), _counted(found[3]))),
    (_REPUBLIC, lambda found: _day(int(found[1]) + 1911, found[2], found[3])),
    (_SHORT_YEAR, lambda _: refused(Reason.AMBIGUOUS)),
)
