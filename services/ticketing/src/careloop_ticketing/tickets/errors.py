from careloop_common.errors import DomainError, Kind


class TicketNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "ticket_not_found"
    title = "Ticket not found"


class TransitionImpossible(DomainError):
    kind = Kind.CONFLICT
    code = "transition_impossible"
    title = "Transition impossible"


class PauseNotAllowed(DomainError):
    kind = Kind.CONFLICT
    code = "pause_not_allowed"
    title = "Pause not allowed"
