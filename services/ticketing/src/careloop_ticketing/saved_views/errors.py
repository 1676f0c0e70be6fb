from careloop_common.errors import DomainError, Kind


class ViewNotFound(DomainError):
    """Neither the caller nor everybody has a view of this code."""

    kind = Kind.NOT_FOUND
    code = "ticket_view_not_found"
    title = "Ticket view not found"


class ViewBroken(DomainError):
    """The rule of the view made sense when it was saved and does not any more: save it again with another one."""

    kind = Kind.CONFLICT
    code = "ticket_view_broken"
    title = "Ticket view broken"


class TooManyViews(DomainError):
    """One person, or everybody together, has as many views as there can be: delete one first."""

    kind = Kind.CONFLICT
    code = "too_many_ticket_views"
    title = "Too many ticket views"
