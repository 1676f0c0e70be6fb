from careloop_common.errors import DomainError, Kind


class InvalidRouting(DomainError):
    """A rule of the routing can never decide, or names a team or a skill that nobody has; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_routing_policy"
    title = "Invalid routing policy"


class RoutingNotFound(DomainError):
    """There is no routing policy of this version."""

    kind = Kind.NOT_FOUND
    code = "routing_policy_not_found"
    title = "Routing policy not found"


class TicketTaken(DomainError):
    """Somebody else holds the ticket; `assignee_id` names them."""

    kind = Kind.CONFLICT
    code = "ticket_taken"
    title = "Ticket taken"


class NotForThisAgent(DomainError):
    """The agent lacks what the ticket needs, or has no room for it; `because` names what is in the way."""

    kind = Kind.CONFLICT
    code = "ticket_not_for_agent"
    title = "Ticket not for this agent"


class VirtualTeamExists(DomainError):
    """The ticket has a virtual team, which `team` names: end that one first."""

    kind = Kind.CONFLICT
    code = "virtual_team_exists"
    title = "Virtual team exists"


class VirtualTeamNotFound(DomainError):
    """The ticket has no virtual team, or it has ended."""

    kind = Kind.NOT_FOUND
    code = "virtual_team_not_found"
    title = "Virtual team not found"


class ZoneUnknown(DomainError):
    """There is no such time zone."""

    kind = Kind.INVALID
    code = "zone_unknown"
    title = "Zone unknown"
