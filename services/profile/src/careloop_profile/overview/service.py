"""A person on one page, and what leads where: reading only, over all customers of a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import service as consents
from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.identity import service as identity
from careloop_profile.interactions import queries as interactions
from careloop_profile.overview import policy, queries, signals
from careloop_profile.overview.policy import By, Explaining, History, Origins, Path
from careloop_profile.overview.queries import Wanted
from careloop_profile.overview.signals import Period, Signal

_LAST: Final = 50
_RAW_STEPS: Final = 4
"""Touches read for each step of a path: the same again and again is one."""
_NOTHING: Final = History((), ())


@dataclass(frozen=True, slots=True)
class Overview:
    """A person, and all that is known of it."""

    person: identity.Person
    devices: Sequence[Any]
    activity: Sequence[Any]
    words: Sequence[Any]
    touches: Sequence[Any]

    @property
    def subscriptions(self) -> list[tuple[UUID, Any]]:
        """What the person has, each with the customer that has it."""
        return [(one.customer_id, item) for one in self.person.customers for item in one.subscriptions]


async def overview(
    session: AsyncSession, customer_id: UUID, ranks: Mapping[str, int], *, now: datetime
) -> Overview:
    """The person that a customer is."""
    person = await identity.person(session, customer_id, ranks)
    members = [one.customer_id for one in person.customers]
    standing = await consents.in_force(session, customer_id, at=now, known_at=now)
    return Overview(
        person,
        await queries.devices(session, members),
        await interactions.activity(session, members),
        list(standing.decided.values()),
        await queries.touches(session, members, Wanted(), before=None, limit=_LAST, now=now),
    )


def explained(found: Overview) -> Origins:
    """Where each value of the page comes from."""
    person = found.person
    explaining = Explaining(person.customers)
    held = ((owner, item.started_on) for owner, item in found.subscriptions)
    owned = ((row.customer_id, row.updated_at) for row in found.devices)
    said = ((one.entry.customer_id, one.word.at) for one in found.words)
    seen = ((row.customer_id, row.occurred_at) for row in found.touches)
    return {
        **dict(explaining.members(person.evidence)),
        **dict(explaining.facts(person.golden)),
        **dict(explaining.rows("subscriptions", held, "the customer has it")),
        **dict(explaining.rows("devices", owned, "the customer has it")),
        **dict(explaining.rows("consents", said, "the word that restricts most")),
        **dict(explaining.counters(found.activity)),
        **dict(explaining.rows("last_interactions", seen, "it happened with the customer")),
    }


async def trajectory(
    session: AsyncSession,
    customer_id: UUID,
    wanted: Wanted,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> Sequence[Any]:
    """Every touch of the person that a customer is, the newest first."""
    kin = await customers.kin(session, [customer_id])
    if not kin and not await customers.known(session, [customer_id]):
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    members = list(kin) or [customer_id]
    return await queries.touches(session, members, wanted, before=before, limit=limit, now=now)


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to the outcomes of a time, as far as they were looked at."""

    since: datetime
    outcomes: int
    complete: bool
    paths: Sequence[Path]


async def ways(
    session: AsyncSession,
    period: Period,
    kind: str,
    channel: str | None,
    *,
    by: By,
    length: int,
    window: timedelta,
    sample: int,
    most: int,
) -> Ways:
    """The most frequent ways to the newest outcomes of a kind."""
    found = await signals.outcomes(session, period, kind, channel, most=sample)
    before = await signals.before_each(session, found.found, window, most=length * _RAW_STEPS)
    histories = [_history(before.get(place)) for place in range(len(found.found))]
    return Ways(
        found.reached.at if found.reached else period.since,
        len(histories),
        found.reached is None,
        policy.frequent(histories, by=by, length=length, most=most),
    )


def _history(row: Any) -> History:
    if row is None:
        return _NOTHING
    return History(list(zip(row.channels, row.kinds, strict=True)), row.seconds)


@dataclass(frozen=True, slots=True)
class Unhappy:
    """Somebody dissatisfied: by what it shows, and what happened around it."""

    person_id: UUID
    signal: Signal
    touches: Sequence[Any]


async def unhappy(
    session: AsyncSession,
    period: Period,
    score: float,
    *,
    window: timedelta,
    touches: int,
    before: UUID | None,
    limit: int,
) -> tuple[Sequence[Unhappy], UUID | None]:
    """Persons who complained or gave a bad score, each once, with its history; and where to go on."""
    found = await signals.unhappy(session, period, score, before=before, most=limit)
    rows = await signals.around_each(session, found.found, window, period, score, most=touches)
    people = [
        Unhappy(history[0].person_id, found.found[number], history)
        for number, group in groupby(rows, key=lambda row: row.number)
        for history in [list(group)]
    ]
    return people, found.reached.uid if found.reached else None
