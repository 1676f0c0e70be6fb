from careloop_common.errors import DomainError, Kind


class ChannelExists(DomainError):
    kind = Kind.CONFLICT
    code = "channel_exists"
    title = "Channel exists"


class ChannelNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "channel_not_found"
    title = "Channel not found"
