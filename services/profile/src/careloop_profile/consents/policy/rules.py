"""May this customer be contacted for a purpose on a channel, and if not, when?

The rules, in the order in which they are asked:

1. Do-not-disturb stops everything, or everything on its channel.
2. Who has left gets no care and no marketing.
3. Care and marketing need a yes that has not expired. Service needs none, but a no counts.
4. There must be an address.
5. Quiet hours, and do-not-disturb of some hours, defer.

Frequency caps and open complaints are asked by who sends, for each message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from careloop_common.wall_clock import Span, next_outside_all

from careloop_profile.customers.policy import Consent, Customer, QuietHours
from careloop_profile.customers.policy.state import Channel, Purpose

HORIZON: Final = timedelta(days=366)
"""How far ahead is looked for a time at which something is allowed."""
_FORTNIGHT: Final = timedelta(days=15)
"""Quiet hours come again each week: who is never out of them for so long never is."""
_ADDRESSES: Final = {"sms": "phone", "call": "phone", "email": "email"}
"""What is needed to reach somebody; apps and WeChat know their customers themselves."""


class Reason(StrEnum):
    ALLOWED = "allowed"
    DO_NOT_DISTURB = "do_not_disturb"
    CUSTOMER_LEFT = "customer_left"
    NO_CONSENT = "no_consent"
    REFUSED = "refused"
    CONSENT_EXPIRED = "consent_expired"
    NO_ADDRESS = "no_address"
    QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Permission:
    """One answer with its reason. `until` is when to ask again; None means not before somebody says something."""

    reason: Reason
    until: datetime | None = None
    word: Consent | None = None
    """The word that it rests on."""

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.ALLOWED


def permission(customer: Customer, purpose: Purpose, channel: Channel, at: datetime) -> Permission:
    """What is allowed at an instant. The customer is as bound by its person."""
    if found := _disturbance(customer, channel, at):
        return found
    if customer.status == "left" and purpose != "service":
        return Permission(Reason.CUSTOMER_LEFT)
    word = next((one.on(at) for one in customer.consents if one.about == (purpose, channel)), None)
    if refusal := _refusal(purpose, word):
        return Permission(refusal, word=word)
    needed = _ADDRESSES.get(channel)
    if needed and getattr(customer, needed) is None:
        return Permission(Reason.NO_ADDRESS)
    quiet = next_outside_all(_spans(customer, channel, at), at, at + _FORTNIGHT)
    if quiet == at:
        return Permission(Reason.ALLOWED, word=word)
    ends = [one.until for one in customer.blocks if one.hours and one.until and one.open(at)]
    if quiet < at + _FORTNIGHT:
        ends.append(quiet)
    return Permission(Reason.QUIET_HOURS, min(ends, default=None), word)


def next_allowed(customer: Customer, purpose: Purpose, channel: Channel, at: datetime) -> datetime | None:
    """The first instant, from `at` on, at which it is allowed if nobody says anything until then."""
    instant = at
    while instant < at + HORIZON:
        found = permission(customer, purpose, channel, instant)
        if found.allowed:
            return instant
        if found.until is None:
            return None
        instant = found.until
    return None


def _disturbance(customer: Customer, channel: Channel, at: datetime) -> Permission | None:
    if customer.do_not_disturb:
        return Permission(Reason.DO_NOT_DISTURB)
    ends = [
        block.until
        for block in customer.blocks
        if block.hours is None and block.channel in (None, channel) and block.open(at)
    ]
    if not ends:
        return None
    known = [end for end in ends if end]
    return Permission(Reason.DO_NOT_DISTURB, max(known) if len(known) == len(ends) else None)


def _refusal(purpose: Purpose, word: Consent | None) -> Reason | None:
    if word is None:
        return None if purpose == "service" else Reason.NO_CONSENT
    if word.severity == 2:
        return Reason.REFUSED
    return None if word.granted or purpose == "service" else Reason.CONSENT_EXPIRED


def _spans(customer: Customer, channel: Channel, at: datetime) -> Iterator[tuple[Span, ZoneInfo]]:
    quiet = (customer.quiet_hours,) if customer.quiet_hours else ()
    for hours in (*quiet, *customer.more_quiet, *customer.also_quiet):
        yield _span(hours)
    for block in customer.blocks:
        if block.hours and block.channel in (None, channel) and block.open(at):
            yield _span(block.hours)


def _span(quiet: QuietHours) -> tuple[Span, ZoneInfo]:
    return Span(quiet.start, quiet.end, quiet.weekdays), ZoneInfo(quiet.timezone)
