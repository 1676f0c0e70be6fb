from careloop_common.errors import DomainError, Kind


class SearchUnclear(DomainError):
    """What was asked for has no word to search by; a single Chinese character is none."""

    kind = Kind.INVALID
    code = "search_unclear"
    title = "Search unclear"
