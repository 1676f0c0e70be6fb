"""Who may be family of whom, by what they share. A household has one landline; so has a shop, and a crowd is no family."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from careloop_profile.identity.policy import Candidate


class Family(NamedTuple):
    """Two customers who may be family, and what speaks for it."""

    one: UUID
    other: UUID
    evidence: str


def families(holders: Sequence[Candidate], most: int) -> list[Family]:
    """Proposals about all who have one identifier, the one who was known first at the head: each other one with that one.

    People of one name are no family but may be one person; who had left before the other came had the number before.
    """
    people = [one for one in holders if one.kind == "individual" and one.name]
    if len(holders) > most or len(people) < 2:
        return []
    first, *others = people
    shared = _shared(people)
    return [
        Family(first.customer_id, other.customer_id, f"shared {shared}")
        for other in others
        if shared and other.name != first.name and not (first.had_before(other) or other.had_before(first))
    ]


def _shared(people: Sequence[Candidate]) -> str | None:
    """What they have in common; two names on one identity number are a mistake."""
    if len({one.phone for one in people}) == 1 and people[0].phone:
        return "phone"
    if len({one.email for one in people}) == 1 and people[0].email:
        return "email"
    return None
