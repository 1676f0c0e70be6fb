"""May this person be contacted, on which channel, for this purpose, now? One answer per candidate, with its reason.

The rules, in the order in which they are asked:

1. A candidate past its expiry is dropped, whatever its class.
2. Do-not-disturb stops every class, service included: who asked to be left alone is served by people, not by messages.
   Of one channel it stops that one; of some hours it is like quiet hours.
3. Who has left gets no care and no marketing; an open complaint holds both back. Service goes on. Who refused
   automated decisions gets nothing that a machine alone decided on.
4. Care and marketing need a granted consent for purpose and channel, which has not expired. Service needs none, but a
   recorded refusal counts.
   An unsubscribe refuses care or marketing until a later consent is granted.
5. Caps refuse care and marketing. Service passes and is counted.
6. Quiet hours defer; only a message that answers what the person did a moment ago is exempt (`immediate`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from careloop_common.wall_clock import Span as QuietHours
from careloop_common.wall_clock import next_outside_all

from careloop_campaign.contact.policy.caps import Cap, exhausted
from careloop_campaign.contact.policy.terms import Channel, Purpose, Reason

# An event may overtake the registration of the person it is about: two streams, two consumers.
UNKNOWN_RETRY = timedelta(seconds=5)
UNKNOWN_PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Consent:
    granted: bool
    at: datetime
    expires_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.granted and not (self.expires_at and self.expires_at <= now)


@dataclass(frozen=True, slots=True)
class Block:
    """Do-not-disturb on a channel or all, at some hours or always, for a while or for good."""

    channel: Channel | None = None
    hours: QuietHours | None = None
    zone: tzinfo | None = None
    until: datetime | None = None

    def concerns(self, channel: Channel, now: datetime) -> bool:
        return self.channel in (None, channel) and not (self.until and self.until <= now)


@dataclass(frozen=True, slots=True)
class Suppression:
    """An unsubscribe. No purpose or no channel means all of them."""

    at: datetime
    purpose: Purpose | None = None
    channel: Channel | None = None

    def refuses(self, purpose: Purpose, channel: Channel) -> bool:
        return self.purpose in (None, purpose) and self.channel in (None, channel)


@dataclass(frozen=True, slots=True)
class Person:
    addresses: frozenset[Channel]
    left: bool = False
    do_not_disturb: bool = False
    quiet_hours: QuietHours | None = None
    zone: tzinfo | None = None
    also_quiet: tuple[tuple[QuietHours, tzinfo | None], ...] = ()
    """Quiet hours that hold beside its own, or the policy's."""
    blocks: tuple[Block, ...] = ()
    consents: Mapping[tuple[Purpose, Channel], Consent] = field(default_factory=dict)
    suppressions: tuple[Suppression, ...] = ()
    open_complaint: bool = False
    automated_decisions: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the contact policy."""

    caps: tuple[Cap, ...]
    quiet_hours: QuietHours | None
    zone: tzinfo
    channels: tuple[Channel, ...]
    hold_for_complaints: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    purpose: Purpose
    planned_at: datetime
    expires_at: datetime
    channels: tuple[Channel, ...] = ()
    """The channels it may use, best first; empty means the policy's."""
    immediate: bool = False
    automated: bool = False
    """Whether a machine alone decided on it."""


@dataclass(frozen=True, slots=True)
class Send:
    channel: Channel


@dataclass(frozen=True, slots=True)
class Defer:
    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Withhold:
    reason: Reason


Decision = Send | Defer | Withhold


def decide(  # noqa: PLR0911  (one return for each rule, in their order)
    candidate: Candidate, person: Person | None, rules: Rules, taken: Iterable[datetime], now: datetime
) -> Decision:
    """The one outcome of a candidate at this instant. `taken` are the person's slots, without the candidate's own."""
    if now >= candidate.expires_at:
        return Withhold(Reason.EXPIRED)
    if person is None:
        return _wait_for_person(candidate, now)
    if reason := _barred(candidate, person, rules):
        return Withhold(reason)
    channel = _channel(candidate, person, rules, now)
    if isinstance(channel, Withhold):
        return channel
    if exhausted(rules.caps, candidate.purpose, taken, now):
        return Withhold(Reason.FREQUENCY_CAP)
    allowed = _allowed_from(candidate, person, rules, channel, now)
    if allowed >= candidate.expires_at:
        return Withhold(Reason.QUIET_HOURS)
    if allowed > now:
        return Defer(allowed, Reason.QUIET_HOURS)
    return Send(channel)


def _wait_for_person(candidate: Candidate, now: datetime) -> Decision:
    if now - candidate.planned_at >= UNKNOWN_PATIENCE:
        return Withhold(Reason.NO_ADDRESS)
    return Defer(now + UNKNOWN_RETRY, Reason.CUSTOMER_UNKNOWN)


def _barred(candidate: Candidate, person: Person, rules: Rules) -> Reason | None:
    if person.do_not_disturb:
        return Reason.DO_NOT_DISTURB
    if candidate.automated and not person.automated_decisions:
        return Reason.NO_CONSENT
    if candidate.purpose is Purpose.SERVICE:
        return None
    if person.left:
        return Reason.CUSTOMER_LEFT
    if person.open_complaint and rules.hold_for_complaints:
        return Reason.OPEN_COMPLAINT
    return None


def _channel(candidate: Candidate, person: Person, rules: Rules, now: datetime) -> Channel | Withhold:
    wanted = candidate.channels or rules.channels
    reachable = [channel for channel in wanted if channel in person.addresses]
    if not reachable:
        return Withhold(Reason.NO_ADDRESS)
    allowed = [channel for channel in reachable if permitted(person, candidate.purpose, channel, now)]
    if not allowed:
        return Withhold(Reason.NO_CONSENT)
    for channel in allowed:
        if not any(block.hours is None and block.concerns(channel, now) for block in person.blocks):
            return channel
    return Withhold(Reason.DO_NOT_DISTURB)


def permitted(person: Person, purpose: Purpose, channel: Channel, now: datetime) -> bool:
    """Consent and unsubscribes, for one purpose on one channel."""
    consent = person.consents.get((purpose, channel))
    if purpose is Purpose.SERVICE:
        return consent is None or consent.granted
    if consent is None or not consent.holds(now):
        return False
    return not any(s.refuses(purpose, channel) and s.at >= consent.at for s in person.suppressions)


def _allowed_from(
    candidate: Candidate, person: Person, rules: Rules, channel: Channel, now: datetime
) -> datetime:
    if candidate.immediate:
        return now
    spans = [(span, zone or rules.zone) for span, zone in person.also_quiet]
    if quiet := person.quiet_hours or rules.quiet_hours:
        spans.append((quiet, person.zone or rules.zone))
    spans += [
        (block.hours, block.zone or rules.zone)
        for block in person.blocks
        if block.hours and block.concerns(channel, now)
    ]
    return next_outside_all(spans, now, candidate.expires_at)
