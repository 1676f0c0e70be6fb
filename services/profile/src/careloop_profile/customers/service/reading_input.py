from dataclasses import dataclass, replace
from typing import Any

from careloop_common.privacy import Vault

from careloop_profile.cleansing.policy import FIELDS, Finding, Setting, contradictions, findings, read
from careloop_profile.customers.personal import Personal
from careloop_profile.customers.policy import Customer
from careloop_profile.identifiers.errors import IdentifierRefused
from careloop_profile.identifiers.policy import Outcome


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts as a customer holds them, with personal ones sealed, and what there is to say about how they were
    typed."""

    facts: dict[str, Any]
    findings: tuple[Finding, ...]


def personal_facts(vault: Vault, customer: Customer, facts: dict[str, Any], setting: Setting) -> Reading:
    """The facts with personal ones read and sealed; what cannot be what it should is refused with its reason."""
    personal = Personal(vault)
    setting = replace(setting, person=facts.get("kind", customer.kind) == "individual")
    values: dict[str, str] = {}
    found: list[Finding] = []
    for field in FIELDS:
        if raw := facts.get(field):
            outcome = read(field, raw, setting)
            values[field] = accepted(f"/{field}", outcome)
            found += findings(field, raw, outcome)
    sealed = facts | personal.sealed(customer, values)
    if "identity_number" in values or "birth_date" in values:
        found += contradictions(_known(personal, customer, facts) | values)
    return Reading(sealed, tuple(found))


def _known(personal: Personal, customer: Customer, facts: dict[str, Any]) -> dict[str, str]:
    """Of what the customer has already, what must agree with what comes and is not replaced by it."""
    kept = (field for field in ("identity_number", "birth_date") if field not in facts)
    return {field: value for field in kept if (value := personal.opened(customer, field))}


def accepted(pointer: str, outcome: Outcome) -> str:
    if outcome.value is None:
        raise IdentifierRefused(
            f"Not an identifier: {outcome.reason}.", pointer=pointer, reason=str(outcome.reason)
        )
    return outcome.value
