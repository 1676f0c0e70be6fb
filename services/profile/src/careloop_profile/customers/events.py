from collections.abc import Iterable
from typing import Any
from uuid import UUID

from careloop_contracts import CustomerConsentExpiredV1, CustomerRegisteredV1, CustomerUpdatedV1

from careloop_profile.customers.personal import mask_anything
from careloop_profile.customers.policy import PURPOSES, Block, Consent, Customer
from careloop_profile.customers.policy.state import flat


def of(before: Customer | None, after: Customer) -> CustomerRegisteredV1 | CustomerUpdatedV1:
    """The event that tells the other services: always the whole customer, so that a late reader misses nothing. Of what senders
    wrote, what is personal stays here: nobody else needs it, and no key could be destroyed for it."""
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
        "consents": [_word(word) for word in customer.consents if _concerns_contact(word)],
        "do_not_disturb": customer.undisturbed,
        "quiet_hours": customer.quiet_hours and flat(customer.quiet_hours),
        "also_quiet": [flat(span) for span in (*customer.more_quiet, *customer.also_quiet)],
        "blocks": [_block(block) for block in customer.blocks if not block.whole],
        "accessibility": customer.accessibility,
        "automated_decisions": not customer.refuses("automated_decision"),
        "profiling": not customer.refuses("profiling"),
        "third_party": customer.allows("third_party"),
        "subscriptions": [flat(item) for item in customer.subscriptions],
        "devices": customer.devices,
        "attributes": mask_anything(dict(customer.attributes)),
    }


def _concerns_contact(word: Consent) -> bool:
    """Service needs no yes, so one whose time is up says nothing about it."""
    return word.purpose in PURPOSES and not (word.purpose == "service" and word.status == "expired")


def _word(word: Consent) -> dict[str, Any]:
    return flat(word) | {"granted": word.granted}


def _block(block: Block) -> dict[str, Any]:
    return flat(block) | {"hours": block.hours and flat(block.hours)}


def consent_expired(customer_id: UUID, words: Iterable[Consent]) -> CustomerConsentExpiredV1:
    items = [{"purpose": word.purpose, "channel": word.channel, "expired_at": word.at} for word in words]
    return CustomerConsentExpiredV1.model_validate({"customer_id": customer_id, "items": items})
