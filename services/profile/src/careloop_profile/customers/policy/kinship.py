"""A person can be several customers, one in each source system. What is refused to one of them is refused to all.

Nothing is ever added: a customer who was asked by one source only stays unasked for the others. So nobody may be
reached after a merge who could not be reached before it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from careloop_profile.customers.policy.state import Consent, Customer


def bound(customer: Customer, kin: Iterable[Customer], since: datetime) -> Customer:
    """The customer as others are told of it: with what its person, who is one since then, refused elsewhere."""
    others = [other for other in kin if other.customer_id != customer.customer_id]
    return replace(
        customer,
        do_not_disturb=customer.do_not_disturb or any(other.do_not_disturb for other in others),
        also_quiet=tuple(dict.fromkeys(other.quiet_hours for other in others if other.quiet_hours)),
        consents=_consents(customer, others, since),
    )


def _consents(customer: Customer, others: Iterable[Customer], since: datetime) -> tuple[Consent, ...]:
    """A refusal from elsewhere stands until the customer, known to be the same person by now, says yes after it."""
    words = {word.about: word for word in customer.consents}
    refusals = [word for other in others for word in other.consents if not word.granted]
    for refusal in sorted(refusals, key=lambda word: word.at):
        own = words.get(refusal.about)
        if own is None or (own.granted and own.at <= max(since, refusal.at)) or own.at < refusal.at:
            words[refusal.about] = refusal
    return tuple(words[about] for about in sorted(words))
