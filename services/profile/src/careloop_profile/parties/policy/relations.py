"""Which relations there are, between whom, what may be said of each, and which of them exclude each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from careloop_profile.parties.errors import RelationNotAllowed

INDIVIDUAL: Final = frozenset({"individual"})
HOUSEHOLD: Final = frozenset({"household"})
ENTERPRISE: Final = frozenset({"enterprise"})
_ANY: Final = INDIVIDUAL | HOUSEHOLD | ENTERPRISE


class Relation(StrEnum):
    """What the one is to the other: from … to …"""

    MEMBER_OF = "member_of"
    FAMILY = "family"
    GUARDIAN = "guardian"
    PAYER = "payer"
    WORKS_FOR = "works_for"
    REPORTS_TO = "reports_to"
    INFLUENCES = "influences"
    CONTACT = "contact"
    OWNS = "owns"


class Role(StrEnum):
    """What somebody is in a household, or in what an organisation decides."""

    HEAD = "head"
    PAYER = "payer"
    DEPENDENT = "dependent"
    INITIATOR = "initiator"
    USER = "user"
    INFLUENCER = "influencer"
    DECIDER = "decider"
    APPROVER = "approver"
    BUYER = "buyer"
    GATEKEEPER = "gatekeeper"
    CHAMPION = "champion"
    BLOCKER = "blocker"


class Stance(StrEnum):
    SUPPORTS = "supports"
    NEUTRAL = "neutral"
    OPPOSES = "opposes"


IN_HOUSEHOLD: Final = frozenset({Role.HEAD, Role.PAYER, Role.DEPENDENT})
IN_DECISION: Final = frozenset(Role) - IN_HOUSEHOLD
LINES: Final = frozenset({Relation.REPORTS_TO, Relation.GUARDIAN, Relation.OWNS})
"""Of these nobody can come back to themselves."""
FACTS: Final = ("role", "title", "influence", "stance", "rapport", "preference")


@dataclass(frozen=True, slots=True)
class _Terms:
    """Between which kinds of customers a relation is, and what must and may be said of it."""

    one: frozenset[str]
    other: frozenset[str]
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    within: bool = False
    """It is so within an organisation, which is neither end."""


TERMS: Final[Mapping[Relation, _Terms]] = MappingProxyType(
    {
        Relation.MEMBER_OF: _Terms(INDIVIDUAL, HOUSEHOLD, may=frozenset({"role"}), roles=IN_HOUSEHOLD),
        Relation.FAMILY: _Terms(INDIVIDUAL, INDIVIDUAL),
        Relation.GUARDIAN: _Terms(INDIVIDUAL, INDIVIDUAL),
        Relation.PAYER: _Terms(_ANY, _ANY),
        Relation.WORKS_FOR: _Terms(INDIVIDUAL, ENTERPRISE, may=frozenset({"title"})),
        Relation.REPORTS_TO: _Terms(INDIVIDUAL, INDIVIDUAL, within=True),
        Relation.INFLUENCES: _Terms(
            INDIVIDUAL, INDIVIDUAL, must=frozenset({"influence"}), may=frozenset({"stance"}), within=True
        ),
        Relation.CONTACT: _Terms(
            INDIVIDUAL,
            ENTERPRISE,
            must=frozenset({"role"}),
            may=frozenset({"title", "stance", "rapport", "preference"}),
            roles=IN_DECISION,
        ),
        Relation.OWNS: _Terms(INDIVIDUAL | ENTERPRISE, ENTERPRISE),
    }
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A relation as somebody states it."""

    kind: Relation
    from_id: UUID
    to_id: UUID
    valid_from: date
    valid_to: date | None = None
    organization_id: UUID | None = None
    account_id: UUID | None = None
    subscription_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`role`, `title`, `influence`, `stance`, `rapport`, `preference`: those that are stated."""
    source: str = "careloop"
    evidence: str | None = None

    @property
    def place(self) -> UUID | None:
        """The organisation in which it is so, which may be its other end."""
        return self.to_id if self.kind in {Relation.WORKS_FOR, Relation.CONTACT} else self.organization_id


def check(claim: Claim, kinds: Mapping[UUID, str]) -> None:
    """Refuse what is not said of such customers. `kinds` are those of the customers that the claim names."""
    terms = TERMS[claim.kind]
    _check_kind(claim, "from_id", kinds[claim.from_id], terms.one)
    _check_kind(claim, "to_id", kinds[claim.to_id], terms.other)
    if terms.within != (claim.organization_id is not None):
        needs = (
            "needs the organisation in which it is so" if terms.within else "is not within an organisation"
        )
        raise RelationNotAllowed(f"{claim.kind} {needs}.", pointer="/organization_id")
    if claim.organization_id is not None:
        _check_kind(claim, "organization_id", kinds[claim.organization_id], ENTERPRISE)
    if claim.subscription_id is not None and claim.kind is not Relation.PAYER:
        raise RelationNotAllowed("Only payers are those of a subscription.", pointer="/subscription_id")
    _check_facts(claim, terms)


def _check_kind(claim: Claim, name: str, kind: str, allowed: frozenset[str]) -> None:
    if kind not in allowed:
        detail = f"The {name} of {claim.kind} is one of {', '.join(sorted(allowed))}, not {kind}."
        raise RelationNotAllowed(detail, pointer=f"/{name}")


def _check_facts(claim: Claim, terms: _Terms) -> None:
    stated = {name for name in FACTS if claim.facts.get(name) is not None}
    if missing := sorted(terms.must - stated):
        raise RelationNotAllowed(f"{claim.kind} needs its {missing[0]}.", pointer=f"/{missing[0]}")
    if strange := sorted(stated - terms.must - terms.may):
        raise RelationNotAllowed(f"{claim.kind} has no {strange[0]}.", pointer=f"/{strange[0]}")
    role = claim.facts.get("role")
    if role is not None and role not in terms.roles:
        raise RelationNotAllowed(f"{claim.kind} has roles {', '.join(sorted(terms.roles))}.", pointer="/role")


def rivals(claim: Claim) -> list[dict[str, Any]]:
    """What excludes the claim while it holds: relations that agree with one of these in all that is named."""
    ends = {"kind": claim.kind, "from_id": claim.from_id, "to_id": claim.to_id}
    same = ends | {
        "organization_id": claim.place,
        "account_id": claim.account_id,
        "subscription_id": claim.subscription_id,
        "role": claim.facts.get("role"),
    }
    found = [same]
    if claim.kind is Relation.FAMILY:
        found.append(same | {"from_id": claim.to_id, "to_id": claim.from_id})
    if claim.kind is Relation.REPORTS_TO:
        found.append({"kind": claim.kind, "from_id": claim.from_id, "organization_id": claim.organization_id})
    if claim.kind is Relation.PAYER and claim.subscription_id is not None:
        found.append({"kind": claim.kind, "to_id": claim.to_id, "subscription_id": claim.subscription_id})
    if claim.facts.get("role") == Role.HEAD:
        found.append({"kind": claim.kind, "to_id": claim.to_id, "role": Role.HEAD})
    return found
