from typing import Any

from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1

from careloop_profile.customers.policy import Customer
from careloop_profile.customers.policy.state import flat


def of(before: Customer | None, after: Customer) -> CustomerRegisteredV1 | CustomerUpdatedV1:
    """The event that tells the other services: always the whole customer, so that a late reader misses nothing."""
    event = CustomerRegisteredV1 if before is None else CustomerUpdatedV1
    return event.model_validate(_state(after))


def _state(customer: Customer) -> dict[str, Any]:
    return {
        "customer_id": customer.customer_id,
        "version": customer.version,
        "kind": customer.kind,
        "source": customer.source,
        "external_id": customer.external_id,
        "status": customer.status,
        "joined_on": customer.joined_on,
        "left_on": customer.left_on,
        "region": customer.region,
        "language": customer.language,
        "vip": customer.vip,
        "care_flags": customer.care_flags,
        "contact": {
            "name": customer.name,
            "phone": customer.phone and customer.phone.sealed,
            "email": customer.email and customer.email.sealed,
        },
        "consents": [flat(word) for word in customer.consents],
        "do_not_disturb": customer.do_not_disturb,
        "quiet_hours": customer.quiet_hours and flat(customer.quiet_hours),
        "also_quiet": [flat(span) for span in customer.also_quiet],
        "subscriptions": [flat(item) for item in customer.subscriptions],
        "devices": customer.devices,
        "attributes": customer.attributes,
    }
