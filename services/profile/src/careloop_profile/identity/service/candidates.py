from careloop_common.privacy import Vault

from careloop_profile.customers.policy import Customer
from careloop_profile.identifiers.policy import comparable_name
from careloop_profile.identity.policy import Candidate


class Candidates:
    """Customers as the rules look at them: with their names open, in memory only."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of(self, customer: Customer) -> Candidate:
        name = customer.name and self._vault.open(customer.customer_id, "name", customer.name)
        return Candidate(
            customer.customer_id,
            customer.kind,
            name=(name and comparable_name(name)) or None,
            phone=customer.phone.index if customer.phone else None,
            email=customer.email.index if customer.email else None,
            identity_number=customer.identity_number.index if customer.identity_number else None,
            joined_on=customer.joined_on,
            left_on=customer.left_on,
        )
