"""What holiday sources say of the years around a publication.

The answer is stored with the version: what a version says of a day does not change when a library does.

`holidays` knows days off and make-up workdays (调休), and guesses for years that are not published yet. Years of China
count as official once `chinesecalendar`, which holds only what the State Council has published, agrees with it on every
day. Elsewhere the law names holidays long ahead, but governments move them: next year is as far as we trust it.
"""

from datetime import date
from typing import Final

import chinese_calendar
import holidays

from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.calendars.policy.compiled import REACH
from careloop_ticketing.calendars.policy.document import NO_HOLIDAYS, NO_SOURCE, Holidays

_FIRST_GATED: Final = 2004


def holidays_of(source: str, year: int) -> Holidays:
    """Holidays of the horizon of a version published in `year`; `InvalidCalendar` for an unknown source."""
    if source == NO_SOURCE:
        return NO_HOLIDAYS
    country, _, subdivision = source.partition("-")
    try:
        # A year more on both sides: the horizon is in UTC, holidays are not.
        found = holidays.country_holidays(
            country, subdiv=subdivision or None, years=range(year - REACH - 1, year + REACH + 2), expand=False
        )
    except NotImplementedError as error:
        raise InvalidCalendar(f"There is no holiday source {source!r}.", pointer="/holidays") from error
    through = _last_official_year_of_china(year) if country == "CN" else year + 1
    make_up = frozenset(day for day in found.weekend_workdays if abs(day.year - year) <= REACH + 1)
    return Holidays(frozenset(found) - make_up, make_up, date(through, 12, 31))


def _last_official_year_of_china(year: int) -> int:
    known = range(year + REACH, _FIRST_GATED - 1, -1)
    return next((candidate for candidate in known if _published(candidate)), _FIRST_GATED - 1)


def _published(year: int) -> bool:
    guessed = holidays.country_holidays("CN", years=year, expand=False)
    ordinals = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
    try:
        return all(
            chinese_calendar.is_workday(day) == guessed.is_working_day(day)
            for day in map(date.fromordinal, ordinals)
        )
    except NotImplementedError:
        return False
