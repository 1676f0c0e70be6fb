from careloop_common.errors import DomainError, Kind


class IncidentNotFound(DomainError):
    """There is no incident of this ticket."""

    kind = Kind.NOT_FOUND
    code = "incident_not_found"
    title = "Incident not found"


class InvalidIncident(DomainError):
    """The rule cannot be read, or what is chosen is none or more than one incident takes, or an incident itself."""

    kind = Kind.INVALID
    code = "invalid_incident"
    title = "Invalid incident"


class ResolutionUnderWay(DomainError):
    """The children are being resolved in another way; wait until that is done."""

    kind = Kind.CONFLICT
    code = "resolution_under_way"
    title = "Resolution under way"
