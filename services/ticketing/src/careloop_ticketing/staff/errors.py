from careloop_common.errors import DomainError, Kind


class AgentNotFound(DomainError):
    """No agent has this id: people are made known with `PUT /v1/agents/{id}`."""

    kind = Kind.NOT_FOUND
    code = "agent_not_found"
    title = "Agent not found"


class InvalidAgent(DomainError):
    """The calendar is unknown, or a skill is certified twice; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_agent"
    title = "Invalid agent"


class AgentUnknown(DomainError):
    """The request names somebody who is no agent, is not active any more, or is not of the team that it names.

    Where no agents are kept at all, anybody may be named.
    """

    kind = Kind.INVALID
    code = "agent_unknown"
    title = "Agent unknown"


class TeamNotFound(DomainError):
    """There is no team of this code."""

    kind = Kind.NOT_FOUND
    code = "team_not_found"
    title = "Team not found"


class TeamUnknown(DomainError):
    """The request names a team that does not exist, or has ended."""

    kind = Kind.INVALID
    code = "team_unknown"
    title = "Team unknown"


class InvalidTeam(DomainError):
    """A member or the lead is unknown, or a virtual team is of one department; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_team"
    title = "Invalid team"


class TeamIsVirtual(DomainError):
    """Teams whose codes begin with `v-` are there for one ticket each, and are opened and ended there."""

    kind = Kind.CONFLICT
    code = "team_is_virtual"
    title = "Team is virtual"


class ShiftNotFound(DomainError):
    """The agent has no shift or absence of this id."""

    kind = Kind.NOT_FOUND
    code = "shift_not_found"
    title = "Shift not found"


class ShiftOverlaps(DomainError):
    """The agent has another entry of this kind in the same time; `shift_id` names it."""

    kind = Kind.CONFLICT
    code = "shift_overlaps"
    title = "Shift overlaps"


class BreaksTooLong(DomainError):
    """Breaks of one's own are of four hours together within any 24; a longer absence is for a supervisor to plan."""

    kind = Kind.INVALID
    code = "breaks_too_long"
    title = "Breaks too long"
