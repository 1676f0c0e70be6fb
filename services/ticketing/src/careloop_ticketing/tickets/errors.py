from careloop_common.errors import DomainError, Kind


class TicketNotFound(DomainError):
    """There is no ticket with this id."""

    kind = Kind.NOT_FOUND
    code = "ticket_not_found"
    title = "Ticket not found"


class TransitionImpossible(DomainError):
    """The ticket's status does not allow this act; `possible` lists those that it allows."""

    kind = Kind.CONFLICT
    code = "transition_impossible"
    title = "Transition impossible"


class PauseNotAllowed(DomainError):
    """The clocks of advanced tickets and of VIP customers never wait."""

    kind = Kind.CONFLICT
    code = "pause_not_allowed"
    title = "Pause not allowed"
