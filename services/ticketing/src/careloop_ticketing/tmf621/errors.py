from http import HTTPStatus

from careloop_common.errors import DomainError, Kind


class AttributeInvalid(DomainError):
    """An attribute is missing or not of the type that the interface's document states."""

    kind = Kind.INVALID
    code = "attribute_invalid"
    title = "Attribute invalid"


class AttributeNotWritable(DomainError):
    """The attribute belongs to the system: a client cannot give it this value."""

    kind = Kind.INVALID
    code = "attribute_not_writable"
    title = "Attribute not writable"


class AttributeFixed(DomainError):
    """The attribute was settled when the ticket was opened: its kind, channel, customer and external identifier stay."""

    kind = Kind.CONFLICT
    code = "attribute_fixed"
    title = "Attribute fixed"


class StatusImpossible(DomainError):
    """No act leads from the ticket's status to the one that was asked for."""

    kind = Kind.CONFLICT
    code = "status_impossible"
    title = "Status impossible"


class PatchInvalid(DomainError):
    """The patch is no list of operations, or one of them cannot be applied."""

    kind = Kind.INVALID
    code = "patch_invalid"
    title = "Patch invalid"


class ParameterNotImplemented(DomainError):
    """The interface knows this parameter or this form of a patch, and this implementation does not."""

    kind = Kind.INVALID
    status = HTTPStatus.NOT_IMPLEMENTED
    code = "parameter_not_implemented"
    title = "Parameter not implemented"


class SpecificationNotFound(DomainError):
    """There is no ticket specification with this id."""

    kind = Kind.NOT_FOUND
    code = "specification_not_found"
    title = "Specification not found"


class CallbackRefused(DomainError):
    """Notifications cannot or may not be sent to this address."""

    kind = Kind.INVALID
    code = "callback_refused"
    title = "Callback refused"


class TooManyHubs(DomainError):
    """The caller has as many subscriptions to notifications as one can have: end one first."""

    kind = Kind.CONFLICT
    code = "too_many_hubs"
    title = "Too many hubs"


class HubNotFound(DomainError):
    """There is no subscription to notifications with this id, or it is somebody else's."""

    kind = Kind.NOT_FOUND
    code = "hub_not_found"
    title = "Hub not found"
