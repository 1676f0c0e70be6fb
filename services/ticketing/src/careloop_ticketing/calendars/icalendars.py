"""Days off and workdays from an iCalendar file (RFC 5545), such as the ones in which holidays are published.

Whole days are taken, and make-up workdays also with hours; everything else is left out with a reason. A file may come from
anybody, so what costs time is bounded before it is read: lines, events, recurrence rules, days.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Literal

import icalendar
import recurring_ical_events

from careloop_ticketing.calendars.errors import InvalidICalendar
from careloop_ticketing.calendars.policy.compiled import REACH
from careloop_ticketing.calendars.policy.document import MOST_EXCEPTIONS
from careloop_ticketing.calendars.recurrence import LONGEST, ended_before, expandable

MOST_LINES: Final = 20_000
_MOST_RECURRING: Final = 100
_MOST_DAYS: Final = 10_000
"""So many are looked at, be they taken or not."""
_YEARS_BACK, _YEARS_AHEAD = 1, 5
"""For which years recurring events are written out, around the present one."""

Kind = Literal["off", "work"]
_DAYLIGHT_SAVING = re.compile(
    r"daylight.saving|(summer|winter|standard) ?time (begins|starts|ends)|clocks? (go|change)"
    r"|sommerzeit|winterzeit|zeitumstellung|heure d.(été|hiver)|夏[令时時]|冬令[时時]",
    re.IGNORECASE,
)
_WORK = re.compile(
    r"[(\[【]班[)\]】]|(^|[ ·|-])班($|[ ·|-])|[补補]行?上?班|[调調](休上)?班|[调調]休工作日"
    r"|^[^假休月,、]*((?<![非为為日号號])工作日|(?<![日号號])(?<!初.)上班日?$)|(^|[(\[【])(正常|照常)?上班|加班"
    r"|make-?up (work(ing)? ?)?day|(?<!non[- ])\bwork(day|ing (day|saturday|sunday))|[(\[]work[)\]]",
    re.IGNORECASE,
)
_DAY_OFF = re.compile(r"public holiday|公众假期|公眾假期", re.IGNORECASE)
"""How Google's calendars describe days off."""
_RECURRING: Final = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})


class Reason(StrEnum):
    """Why an event was left out."""

    NOT_ALL_DAY = "not_all_day"
    DAYLIGHT_SAVING = "daylight_saving"
    CANCELLED = "cancelled"
    FESTIVAL = "festival"
    """A day that has a name, in a file that says which of its days are off."""
    TOO_LONG = "too_long"
    OUTSIDE_WINDOW = "outside_window"
    RULE_NOT_SUPPORTED = "rule_not_supported"
    UNREADABLE = "unreadable"
    SAME_DAY = "same_day"


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Skipped:
    name: str
    date: date | None
    reason: Reason


@dataclass(slots=True)
class Report:
    taken: dict[date, Day] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, event: icalendar.Event, reason: Reason) -> None:
        self.skipped.append(Skipped(_name(event), _day(event), reason))

    def check(self) -> None:
        """`InvalidICalendar` if that is more than anybody means."""
        if len(self.taken) > MOST_EXCEPTIONS:
            raise InvalidICalendar(f"More than {MOST_EXCEPTIONS} days.")
        if len(self.taken) + len(self.skipped) > _MOST_DAYS:
            raise InvalidICalendar(f"More than {_MOST_DAYS} days, with those that are left out.")


def read(body: bytes, kind: Kind, year: int) -> Report:
    """What a file says, taken in `year`: its events are days of `kind`, unless they say that they are workdays."""
    report, recurring, found = Report(), 0, _series(_parsed(body))
    marked = any(_is_marked(event) for series in found for event in series)
    for series in found:
        events = series
        if any(_RECURRING & set(event) for event in series):
            recurring += 1
            if recurring > _MOST_RECURRING:
                raise InvalidICalendar(f"More than {_MOST_RECURRING} recurring events.")
            events = _occurrences(report, series, year)
        for event in events:
            if marked and not (_is_marked(event) or _is_work(event)):
                report.skip(event, Reason.FESTIVAL)
            else:
                _take(report, event, kind, year)
            report.check()
    return report


def _parsed(body: bytes) -> icalendar.Calendar:
    if body.count(b"\n") > MOST_LINES:
        raise InvalidICalendar(f"More than {MOST_LINES} lines.")
    try:
        found = icalendar.Calendar.from_ical(body.decode("utf-8-sig"))
    except Exception as error:  # whatever the library stumbles over, the file is at fault
        raise InvalidICalendar("The file is not iCalendar in UTF-8.") from error
    if not isinstance(found, icalendar.Calendar):
        raise InvalidICalendar("The file holds no VCALENDAR.")
    return found


def _series(calendar: icalendar.Calendar) -> Collection[Sequence[icalendar.Event]]:
    """Events by UID: a recurring one and the exceptions from it."""
    series: defaultdict[str, list[icalendar.Event]] = defaultdict(list)
    for index, event in enumerate(calendar.subcomponents):
        if isinstance(event, icalendar.Event):
            _make_whole(event)
            series[str(event.get("UID", f"without {index}"))].append(event)
    return series.values()


def _make_whole(event: icalendar.Event) -> None:
    """From one midnight to another is whole days, and a make-up workday from nine to six (补班) is one as well.

    What its hours are, the calendar says. Which day an instant of UTC belongs to, nobody does.
    """
    try:
        start, end = event.start, event.end
    except (TypeError, ValueError, OverflowError, AttributeError):
        return
    if not (isinstance(start, datetime) and isinstance(end, datetime)) or _RECURRING & set(event):
        return
    nights = start < end and start.time() == end.time() == time.min
    hours = start.date() == end.date() and _is_work(event)
    if (nights or hours) and (start.tzinfo is None or "TZID" in event["DTSTART"].params):
        event.pop("DURATION", None)
        event["DTSTART"], event["DTEND"] = (icalendar.vDDDTypes(at.date()) for at in (start, end))


def _is_marked(event: icalendar.Event) -> bool:
    """Whether the event says of its days that they are off, as those of Apple and Google do."""
    return _special(event) == "WORK-HOLIDAY" or bool(_DAY_OFF.match(str(event.get("DESCRIPTION", ""))))


def _is_work(event: icalendar.Event) -> bool:
    name = unicodedata.normalize("NFKC", _name(event))
    # A holiday may say besides when it is made up for: 国庆节放假(10月10日补班).
    named = _WORK.search(name) is not None and "放假" not in name
    return named or _special(event) == "ALTERNATE-WORKDAY"


def _special(event: icalendar.Event) -> str:
    return str(event.get("X-APPLE-SPECIAL-DAY", ""))


def _occurrences(report: Report, series: Sequence[icalendar.Event], year: int) -> Sequence[icalendar.Event]:
    """A recurring event written out; nothing, and a reason, if we do not expand its rule."""
    first, last = date(year - _YEARS_BACK, 1, 1), date(year + _YEARS_AHEAD, 12, 31)
    reason = next(filter(None, (_obstacle(event, first) for event in series)), None)
    found: Sequence[icalendar.Event] = ()
    if reason is None:
        try:
            whole = icalendar.Calendar()
            whole.subcomponents.extend(series)
            found = recurring_ical_events.of(whole).between(first, last + timedelta(days=1))
        except Exception:  # noqa: BLE001  # as above: the file is at fault
            reason = Reason.UNREADABLE
    if not found:
        report.skip(series[0], reason or Reason.OUTSIDE_WINDOW)
    return found


def _obstacle(event: icalendar.Event, first: date) -> Reason | None:
    start, rule = _day(event), event.get("RRULE")
    if start is None:
        return Reason.NOT_ALL_DAY
    if rule is None:
        return None
    try:
        if isinstance(rule, list) or not expandable(rule, start):
            return Reason.RULE_NOT_SUPPORTED
        return Reason.OUTSIDE_WINDOW if ended_before(rule, first) else None
    except (TypeError, ValueError, AttributeError):
        return Reason.UNREADABLE


def _take(report: Report, event: icalendar.Event, kind: Kind, year: int) -> None:
    if reason := _reason(event, year):
        report.skip(event, reason)
        return
    name, is_work = _name(event), _is_work(event)
    day, end = event.start, event.end
    while day < max(end, event.start + timedelta(days=1)):
        if day in report.taken:
            report.skipped.append(Skipped(name, day, Reason.SAME_DAY))
        else:
            report.taken[day] = Day(day, "work" if is_work else kind, name)
        day += timedelta(days=1)


def _reason(event: icalendar.Event, year: int) -> Reason | None:
    if (day := _day(event)) is None:
        return Reason.NOT_ALL_DAY
    if _DAYLIGHT_SAVING.search(_name(event)):
        return Reason.DAYLIGHT_SAVING
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return Reason.CANCELLED
    return Reason.OUTSIDE_WINDOW if abs(day.year - year) > REACH else _reason_of_length(event)


def _reason_of_length(event: icalendar.Event) -> Reason | None:
    try:
        length = event.end - event.start
    except (TypeError, ValueError, OverflowError, AttributeError):
        return Reason.UNREADABLE
    if length < timedelta():
        return Reason.UNREADABLE
    return Reason.TOO_LONG if length > LONGEST else None


def _day(event: icalendar.Event) -> date | None:
    """The first day of an all-day event."""
    try:
        start = getattr(event.get("DTSTART"), "dt", None)
    except ValueError:  # what could not be read says so when it is asked
        return None
    return start if isinstance(start, date) and not isinstance(start, datetime) else None


def _name(event: icalendar.Event) -> str:
    """The event's title, fit for a document: one line, no control characters."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(event.get("SUMMARY", "")))
    return " ".join(text.split())[:100] or "unnamed"
