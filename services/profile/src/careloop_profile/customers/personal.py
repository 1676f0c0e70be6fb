"""Names, phone numbers and e-mail addresses on their way into storage and out of it."""

from dataclasses import dataclass
from uuid import UUID

from careloop_common.privacy import Vault, mask_email, mask_name, mask_phone

from careloop_profile.customers.policy import Customer, Identifier


@dataclass(frozen=True, slots=True)
class Contact:
    """What a reader may see: masked, or open to those who may see it."""

    name: str | None
    phone: str | None
    email: str | None


class Personal:
    """Seals what is new and keeps what is unchanged: a fresh seal of the same name would look like a change."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def name(self, customer_id: UUID, value: str, known: str | None) -> str:
        if known is not None and self._vault.open(customer_id, "name", known) == value:
            return known
        return self._vault.seal(customer_id, "name", value)

    def identifier(self, customer_id: UUID, kind: str, value: str, known: Identifier | None) -> Identifier:
        index = self._vault.blind_index(kind, value)
        if known is not None and known.index == index:
            return known
        return Identifier(index, self._vault.seal(customer_id, kind, value))

    def contact(self, customer: Customer, *, masked: bool) -> Contact:
        key, phone, email = customer.customer_id, customer.phone, customer.email
        contact = Contact(
            name=self._vault.open(key, "name", customer.name) if customer.name else None,
            phone=self._vault.open(key, "phone", phone.sealed) if phone else None,
            email=self._vault.open(key, "email", email.sealed) if email else None,
        )
        return _masked(contact) if masked else contact


def _masked(contact: Contact) -> Contact:
    return Contact(
        name=contact.name and mask_name(contact.name),
        phone=contact.phone and mask_phone(contact.phone),
        email=contact.email and mask_email(contact.email),
    )
