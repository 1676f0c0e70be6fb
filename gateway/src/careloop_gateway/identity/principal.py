from dataclasses import dataclass

KEY_SUBJECT = "key:"
"""Ids of API keys as principals start with this, those of an issuer's subjects never do."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, as far as it could be proved."""

    id: str
    kind: str
    name: str
    roles: tuple[str, ...]
    scopes: frozenset[str]
