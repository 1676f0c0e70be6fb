"""What speaks for two customers being one person, and what forbids it.

The guards are those of Segment's identity resolution: values that mean nothing never come here (`identifiers.policy`),
a value that many share proves nothing, and a stronger identifier outweighs a weaker one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations, product
from typing import Final
from uuid import UUID

MOST_CUSTOMERS: Final = 1000
"""Of one person; more is a mistake in the data, and what can be taken back must be small enough to look at."""
MOST_SHARERS: Final = 5
"""Customers that may have one phone number or e-mail address before it proves nothing: a shop's, or a household's."""


class Method(StrEnum):
    DETERMINISTIC = "deterministic"
    PROBABILISTIC = "probabilistic"
    MANUAL = "manual"


class Refusal(StrEnum):
    """Why two customers may not become one person."""

    TOO_LARGE = "too_large"
    OTHER_KIND = "other_kind"
    OTHER_IDENTITY_NUMBER = "other_identity_number"
    KEPT_APART = "kept_apart"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What of a customer can tell whether it is somebody known. Identifiers are blind indexes; the name is open."""

    customer_id: UUID
    kind: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    identity_number: str | None = None
    joined_on: date | None = None
    left_on: date | None = None

    def had_before(self, other: "Candidate") -> bool:
        """Whether this one had left when the other came: numbers are given to somebody else after a while."""
        return self.left_on is not None and other.joined_on is not None and self.left_on <= other.joined_on


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two customers that a rule takes for one person."""

    one: UUID
    other: UUID
    rule: str


def propose(candidates: Sequence[Candidate]) -> Iterator[Proposal]:
    """The pairs among customers who share an identifier that a rule takes for one person, each by its strongest rule.

    `candidates` are all that have the identifier or, of a crowd, some; of a crowd each is compared with the first.
    """
    shared = len(candidates) > MOST_SHARERS
    pairs = combinations(candidates, 2) if not shared else product(candidates[:1], candidates[1:])
    for one, other in pairs:
        if one.kind == other.kind and (rule := _rule(one, other, shared=shared)):
            yield Proposal(one.customer_id, other.customer_id, rule)


def _rule(one: Candidate, other: Candidate, *, shared: bool) -> str | None:
    if one.identity_number and other.identity_number:
        return "identity_number" if one.identity_number == other.identity_number else None
    if shared:
        return None
    phone = one.phone is not None and one.phone == other.phone
    email = one.email is not None and one.email == other.email
    if phone and (one.had_before(other) or other.had_before(one)):
        phone = False
    if one.name and one.name == other.name:
        return "phone_and_name" if phone else "email_and_name" if email else None
    named = one.name and other.name
    return "phone_and_email" if phone and email and not named else None


def objection(one: Iterable[Candidate], other: Iterable[Candidate], *, apart: bool) -> Refusal | None:
    """What forbids that two persons, each with its customers, are one; `apart` is whether somebody has said so."""
    ours, theirs = list(one), list(other)
    if len(ours) + len(theirs) > MOST_CUSTOMERS:
        return Refusal.TOO_LARGE
    everybody = ours + theirs
    if len({candidate.kind for candidate in everybody}) > 1:
        return Refusal.OTHER_KIND
    if len({candidate.identity_number for candidate in everybody} - {None}) > 1:
        return Refusal.OTHER_IDENTITY_NUMBER
    return Refusal.KEPT_APART if apart else None
