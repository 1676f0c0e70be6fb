from careloop_common.errors import DomainError, Kind


class ImportNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "import_not_found"
    title = "Import not found"


class MappingNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "import_mapping_not_found"
    title = "Import mapping not found"


class ImportStarted(DomainError):
    """Parts are taken and the import is started once, before it runs."""

    kind = Kind.CONFLICT
    code = "import_started"
    title = "Import started"


class PartsMissing(DomainError):
    kind = Kind.CONFLICT
    code = "import_parts_missing"
    title = "Import parts missing"


class PartTooLarge(DomainError):
    kind = Kind.TOO_LARGE
    code = "import_part_too_large"
    title = "Import part too large"


class FileTooLarge(DomainError):
    kind = Kind.TOO_LARGE
    code = "import_file_too_large"
    title = "Import file too large"
