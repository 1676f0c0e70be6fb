from careloop_common.errors import DomainError, Kind


class TicketNotFound(DomainError):
    """There is no ticket with this id."""

    kind = Kind.NOT_FOUND
    code = "ticket_not_found"
    title = "Ticket not found"


class TransitionImpossible(DomainError):
    """The ticket's status does not allow this act; `possible` lists the routes of those that it allows."""

    kind = Kind.CONFLICT
    code = "transition_impossible"
    title = "Transition impossible"


class PauseNotAllowed(DomainError):
    """The SLA policy lets no clock of this ticket wait for this reason: clocks of VIP customers and brand risks never do."""

    kind = Kind.CONFLICT
    code = "pause_not_allowed"
    title = "Pause not allowed"


class ApprovalNeeded(DomainError):
    """A pause for this reason is for somebody with the scope tickets:supervise to make."""

    kind = Kind.FORBIDDEN
    code = "approval_needed"
    title = "Approval needed"


class LoweringNotAllowed(DomainError):
    """A lower tier or severity is for somebody with the scope tickets:supervise to give; a higher one is for everybody."""

    kind = Kind.FORBIDDEN
    code = "lowering_not_allowed"
    title = "Lowering not allowed"


class CancellationNotAllowed(DomainError):
    """A ticket that broke a promise is for somebody with the scope tickets:supervise to cancel. The breach stays one."""

    kind = Kind.FORBIDDEN
    code = "cancellation_not_allowed"
    title = "Cancellation not allowed"


class LoweringReasonNeeded(DomainError):
    """A lower tier or severity needs a reason."""

    kind = Kind.INVALID
    code = "lowering_reason_needed"
    title = "Reason for lowering needed"


class EvidenceNeeded(DomainError):
    """A pause for this reason has to say where the reason can be checked."""

    kind = Kind.INVALID
    code = "evidence_needed"
    title = "Evidence needed"


class TicketMerged(DomainError):
    """The ticket was merged into another one, which `number` names: what is said belongs there."""

    kind = Kind.CONFLICT
    code = "ticket_merged"
    title = "Ticket merged"


class ReceivedBeforeOpening(DomainError):
    """A message is said to have come in before its ticket was opened, by more than clocks differ."""

    kind = Kind.INVALID
    code = "received_before_opening"
    title = "Received before opening"


class ParentClosed(DomainError):
    """What the ticket would become a child of is over: nothing that happens to it would reach a child any more."""

    kind = Kind.CONFLICT
    code = "parent_closed"
    title = "Parent closed"


class IncidentAsChild(DomainError):
    """What is about one fault is no child of another: its own children would be left behind when that one is resolved."""

    kind = Kind.CONFLICT
    code = "incident_as_child"
    title = "Incident as child"


class MergeImpossible(DomainError):
    """The ticket to merge into takes nothing in any more, or a merge can no longer be undone."""

    kind = Kind.CONFLICT
    code = "merge_impossible"
    title = "Merge impossible"


class LinkToItself(DomainError):
    """A ticket cannot be linked to itself, nor merged into itself."""

    kind = Kind.INVALID
    code = "link_to_itself"
    title = "Link to itself"


class LinkNotFound(DomainError):
    """There is no such link between these tickets."""

    kind = Kind.NOT_FOUND
    code = "link_not_found"
    title = "Link not found"


class TicketNotHeld(DomainError):
    """Nobody holds the ticket: it is in the line already."""

    kind = Kind.CONFLICT
    code = "ticket_not_held"
    title = "Ticket not held"


class FeedbackAwaited(DomainError):
    """The customer was asked how it went and may still answer; a supervisor need not wait for that."""

    kind = Kind.CONFLICT
    code = "feedback_awaited"
    title = "Feedback awaited"


class CustomersDiffer(DomainError):
    """The tickets are of different customers: one of them would lose theirs. `other_customer` says that this is meant."""

    kind = Kind.CONFLICT
    code = "customers_differ"
    title = "Customers differ"


class SortImpossible(DomainError):
    """What is found by words is listed from the newest to the oldest, and in no other order."""

    kind = Kind.INVALID
    code = "sort_impossible"
    title = "Sort impossible"


class LinkCycle(DomainError):
    """The ticket would become a child of its own child."""

    kind = Kind.CONFLICT
    code = "link_cycle"
    title = "Link cycle"
