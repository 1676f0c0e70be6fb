"""A person can be several customers, one in each source system. What is refused to one of them is refused to all.

Nothing is ever added: a customer who was asked by one source only stays unasked for the others. So nobody may be
reached after a merge who could not be reached before it. A yes whose time is up is no yes any more, for all of them.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from careloop_profile.customers.policy.state import Consent, Customer, QuietHours


def bound(customer: Customer, kin: Iterable[Customer], since: datetime) -> Customer:
    """The customer as others are told of it: with what its person, who is one since then, refused elsewhere."""
    others = [other for other in kin if other.customer_id != customer.customer_id]
    return replace(
        customer,
        do_not_disturb=customer.do_not_disturb or any(other.do_not_disturb for other in others),
        also_quiet=tuple(dict.fromkeys(span for other in others for span in _quiet(other))),
        blocks=tuple(dict.fromkeys(block for one in (customer, *others) for block in one.blocks)),
        accessibility=tuple(dict.fromkeys(wish for one in (customer, *others) for wish in one.accessibility)),
        consents=bound_words(customer.consents, [word for other in others for word in other.consents], since),
    )


def _quiet(customer: Customer) -> tuple[QuietHours, ...]:
    return (customer.quiet_hours, *customer.more_quiet) if customer.quiet_hours else customer.more_quiet


def bound_words(own: Iterable[Consent], others: Iterable[Consent], since: datetime) -> tuple[Consent, ...]:
    """The most restrictive word counts. One from elsewhere stands until the customer, known to be the same person by
    now, says yes after it."""
    mine = {word.about: word for word in own}
    words = dict(mine)
    for word in (word for word in others if not word.granted):
        said = mine.get(word.about)
        if said and said.granted and said.at > max(since, word.at):
            continue
        words[word.about] = max(words.get(word.about, word), word, key=_restriction)
    return tuple(words[about] for about in sorted(words))


def _restriction(word: Consent) -> tuple[int, datetime, str]:
    return word.severity, word.at, word.status
