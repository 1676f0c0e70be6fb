from careloop_common.errors import DomainError, Kind


class TagNotFound(DomainError):
    """No definition of this code and version, or none of it is in force."""

    kind = Kind.NOT_FOUND
    code = "tag_not_found"
    title = "Tag not found"


class InvalidTag(DomainError):
    """The definition contradicts itself, or a rule of it cannot be read; `pointer` says where."""

    kind = Kind.INVALID
    code = "invalid_tag"
    title = "Invalid tag"


class TagDecided(DomainError):
    """The version was published, replaced or retired before; `state` says which."""

    kind = Kind.CONFLICT
    code = "tag_decided"
    title = "The version of the tag is decided"


class TagSwitching(DomainError):
    """A version came into force, and not everybody's history knows of it yet; that takes a few minutes at most."""

    kind = Kind.CONFLICT
    code = "tag_switching"
    title = "The tag is being switched"


class TagInUse(DomainError):
    """Rules of other tags ask for this one, as it is; `codes` are theirs."""

    kind = Kind.CONFLICT
    code = "tag_in_use"
    title = "Tag in use"


class TagNotGiven(DomainError):
    """The values of this tag follow from rules: nobody can give or take it."""

    kind = Kind.CONFLICT
    code = "tag_not_given"
    title = "Nobody gives this tag"


class TagValueRefused(DomainError):
    """The tag has no such value."""

    kind = Kind.INVALID
    code = "tag_value_refused"
    title = "Tag value refused"
