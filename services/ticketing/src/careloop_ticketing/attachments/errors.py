from http import HTTPStatus

from careloop_common.errors import DomainError, Kind


class AttachmentNotFound(DomainError):
    """Neither the ticket nor one that was merged into it has this attachment."""

    kind = Kind.NOT_FOUND
    code = "attachment_not_found"
    title = "Attachment not found"


class AttachmentEmpty(DomainError):
    """The body is the file, and there was none."""

    kind = Kind.INVALID
    code = "attachment_empty"
    title = "Attachment empty"


class AttachmentTypeUnsupported(DomainError):
    """Files of this type are not taken, or the content is of none that is; `supported` lists those that are."""

    kind = Kind.INVALID
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "attachment_type_unsupported"
    title = "Attachment type unsupported"


class AttachmentTypeMismatch(DomainError):
    """The content is not of the type that Content-Type claims; `found` is what it is, if that is known."""

    kind = Kind.INVALID
    code = "attachment_type_mismatch"
    title = "Attachment type mismatch"


class AttachmentUnsafe(DomainError):
    """The file runs something where it is opened, unpacks to far more than it is, or is a file of two types at once."""

    kind = Kind.INVALID
    code = "attachment_unsafe"
    title = "Attachment unsafe"


class TooManyAttachments(DomainError):
    """The ticket has as many attachments as a ticket can have, or as many bytes of them."""

    kind = Kind.CONFLICT
    code = "too_many_attachments"
    title = "Too many attachments"


class AttachmentUnreadable(DomainError):
    """The file is missing, damaged or sealed under a key that is gone. Trying again does not help; the log says more."""

    kind = Kind.UNAVAILABLE
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    passes = False
    code = "attachment_unreadable"
    title = "Attachment unreadable"
