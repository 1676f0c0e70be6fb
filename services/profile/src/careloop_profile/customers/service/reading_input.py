from typing import Any

from careloop_common.privacy import Vault

from careloop_profile.customers.personal import Personal
from careloop_profile.customers.policy import Customer
from careloop_profile.identifiers.errors import IdentifierRefused
from careloop_profile.identifiers.policy import Outcome, normalise_email, normalise_phone


def personal_facts(vault: Vault, customer: Customer, facts: dict[str, Any], region: str) -> dict[str, Any]:
    """The facts with name, phone and e-mail sealed; what cannot be an identifier is refused with its reason."""
    personal, key = Personal(vault), customer.customer_id
    sealed = dict(facts)
    if name := facts.get("name"):
        sealed["name"] = personal.name(key, name, customer.name)
    if phone := facts.get("phone"):
        value = accepted("/phone", normalise_phone(phone, region))
        sealed["phone"] = personal.identifier(key, "phone", value, customer.phone)
    if email := facts.get("email"):
        value = accepted("/email", normalise_email(email))
        sealed["email"] = personal.identifier(key, "email", value, customer.email)
    return sealed


def accepted(pointer: str, outcome: Outcome) -> str:
    if outcome.value is None:
        raise IdentifierRefused(
            f"Not an identifier: {outcome.reason}.", pointer=pointer, reason=str(outcome.reason)
        )
    return outcome.value
