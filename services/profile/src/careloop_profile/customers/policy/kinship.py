"""A person can be several customers, one in each source system. What is refused to one of them is refused to all.

Nothing is ever added: a customer who was asked by one source only stays unasked for the others. So nobody may be
reached after a merge who could not be reached before it. A yes whose time is up is no yes any more, for all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from careloop_profile.customers.policy.state import Consent, Customer, QuietHours


class Joined(NamedTuple):
    """A customer of a person, and since when it is one with the one before it. Customers of a person stand in a row."""

    customer_id: UUID
    since: datetime


def since_with(customer_id: UUID, row: Sequence[Joined]) -> dict[UUID, datetime]:
    """Since when each of the others is one person with this one: since the latest join on the way to it."""
    keys, joins = [one.customer_id for one in row], [one.since for one in row]
    mine = keys.index(customer_id)
    before = zip(keys[:mine][::-1], accumulate(joins[mine:0:-1], max), strict=True)
    after = zip(keys[mine + 1 :], accumulate(joins[mine + 1 :], max), strict=True)
    return dict((*before, *after))


def bound(customer: Customer, kin: Iterable[Customer], since: Mapping[UUID, datetime]) -> Customer:
    """The customer as others are told of it: with what its person refused elsewhere, by since when they are one."""
    others = [other for other in kin if other.customer_id != customer.customer_id]
    return replace(
        customer,
        do_not_disturb=customer.do_not_disturb or any(other.do_not_disturb for other in others),
        also_quiet=tuple(dict.fromkeys(span for other in others for span in _quiet(other))),
        blocks=tuple(dict.fromkeys(block for one in (customer, *others) for block in one.blocks)),
        accessibility=tuple(dict.fromkeys(wish for one in (customer, *others) for wish in one.accessibility)),
        consents=bound_words(
            customer.consents,
            [(word, since[other.customer_id]) for other in others for word in other.consents],
        ),
    )


def _quiet(customer: Customer) -> tuple[QuietHours, ...]:
    return (customer.quiet_hours, *customer.more_quiet) if customer.quiet_hours else customer.more_quiet


def bound_words(own: Iterable[Consent], others: Iterable[tuple[Consent, datetime]]) -> tuple[Consent, ...]:
    """The most restrictive word counts. One from elsewhere stands until the customer, known to be the same person by
    now, says yes after it."""
    mine = {word.about: word for word in own}
    words = dict(mine)
    for word, since in (other for other in others if not other[0].granted):
        said = mine.get(word.about)
        if said and said.granted and said.at > max(since, word.at):
            continue
        words[word.about] = max(words.get(word.about, word), word, key=_restriction)
    return tuple(words[about] for about in sorted(words))


def _restriction(word: Consent) -> tuple[int, datetime, str]:
    return word.severity, word.at, word.status
