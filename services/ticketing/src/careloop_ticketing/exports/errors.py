from careloop_common.errors import DomainError, Kind


class ExportTooLarge(DomainError):
    """The list has more tickets than one export takes: narrow it down, for example by the time of opening."""

    kind = Kind.INVALID
    code = "export_too_large"
    title = "Export too large"
