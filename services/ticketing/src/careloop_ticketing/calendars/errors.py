from careloop_common.errors import DomainError, Kind


class InvalidCalendar(DomainError):
    """The parts of the calendar do not fit together; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_calendar"
    title = "Invalid calendar"


class CalendarNotFound(DomainError):
    """There is no calendar of this code, or none of this version."""

    kind = Kind.NOT_FOUND
    code = "calendar_not_found"
    title = "Calendar not found"


class OutsideHorizon(DomainError):
    """The question leads further than a version of a calendar reaches: 20 years before and after its publication."""

    kind = Kind.INVALID
    code = "outside_calendar_horizon"
    title = "Outside the calendar's horizon"


class InvalidICalendar(DomainError):
    """The file is not an iCalendar file that can be taken in: unreadable, too much in it, or no day at all."""

    kind = Kind.INVALID
    code = "invalid_icalendar"
    title = "Invalid iCalendar file"


class UnclearQuestion(DomainError):
    """A question about working time gives either seconds or an end."""

    kind = Kind.INVALID
    code = "unclear_calendar_question"
    title = "Either seconds or until"


class EndBeforeStart(DomainError):
    """The end of the stretch that is asked about lies before its start."""

    kind = Kind.INVALID
    code = "calendar_end_before_start"
    title = "The end lies before the start"
