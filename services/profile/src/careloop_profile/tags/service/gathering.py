"""Gathering what is known of persons from the customers that they are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloop_common import zones
from careloop_common.errors import SubjectKeyGone
from careloop_common.privacy import Vault
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.personal import Personal
from careloop_profile.customers.policy import Customer, Joined
from careloop_profile.customers.queries import DEVICE, Kinship, among
from careloop_profile.identity.policy import Field, golden
from careloop_profile.tags.policy import activity as counting
from careloop_profile.tags.policy import facts as reading
from careloop_profile.tags.policy.activity import Activity
from careloop_profile.tags.policy.facts import Device
from careloop_profile.tags.policy.known import Known
from careloop_profile.tags.policy.moments import earliest, months_turn, windows_move
from careloop_profile.tags.queries import buckets, facts, values
from careloop_profile.tags.queries.buckets import Done, Fresh, joined
from careloop_profile.tags.queries.facts import Stored

LONGEST: Final = timedelta(days=400)
"""How far back days are counted; when something happened last before that is forgotten."""


@dataclass(slots=True)
class Look:
    """A person that is being looked at: what was known, what is, and when it has to be looked at again."""

    person_id: UUID
    members: list[UUID]
    before: Stored
    known: Known
    counted: bool = False
    """Whether something that happened is the reason."""
    tell_at: datetime | None = None
    """From when on it is told that counted numbers moved, if it is not now."""
    moments: list[datetime | None] = field(default_factory=list)

    @property
    def first(self) -> bool:
        return self.before.evaluated_at is None

    @property
    def joined(self) -> bool:
        """Whether the person was not of so many customers when it was looked at before."""
        return self.first or self.before.known.plain.get("customers") != len(self.members)


async def persons_of(
    session: AsyncSession, ids: Collection[UUID]
) -> tuple[dict[UUID, list[UUID]], dict[UUID, Kinship]]:
    """The persons that these customers are, each with all of its customers; and who is several. Who was erased is nobody."""
    kin = await customers.kin(session, list(ids))
    people: dict[UUID, list[UUID]] = {}
    for customer_id, kinship in kin.items():
        people.setdefault(kinship.person_id, []).append(customer_id)
    for customer_id in await customers.known(session, list(set(ids) - kin.keys())):
        people[customer_id] = [customer_id]
    return people, kin


class Gatherer:
    """Knows the keys, which sources are trusted, and where a day begins."""

    def __init__(self, vault: Vault, ranks: Mapping[str, int], timezone: str) -> None:
        self._personal, self._ranks, self._timezone = Personal(vault), ranks, timezone

    def here(self, now: datetime) -> datetime:
        """The moment as the operator's clocks tell it: by these rules count days and years, and months turn."""
        return zones.at(now, self._timezone)

    async def said(
        self, session: AsyncSession, looks: Sequence[Look], kin: Mapping[UUID, Kinship], now: datetime
    ) -> None:
        """What sources say of the persons, their products, devices and relations."""
        everybody = [customer for look in looks for customer in look.members]
        found = await customers.load(session, everybody)
        devices = await _devices(session, everybody)
        today = zones.day_of(now, self._timezone)
        related = await _relations(session, everybody, today)
        for look in looks:
            members = [found[one] for one in look.members if one in found]
            if not members:
                continue
            believed = golden(members, self._ranks)
            age = self._age(believed.get("birth_date"), found, today)
            plain = reading.of_person(
                members,
                believed,
                row=[Joined(key, kin[key].since) for key in look.members if key in kin],
                devices=[one for member in look.members for one in devices.get(member, ())],
                relations=[one for member in look.members for one in related.get(member, ())],
                age=age,
                zone=zones.zone(self._timezone),
            )
            look.known.plain.update(plain)
            look.known.attributes = reading.attributes(believed)

    def _age(self, born: Field | None, found: Mapping[UUID, Customer], today: date) -> int | None:
        if born is None:
            return None
        try:
            opened = self._personal.opened(found[born.customer_id], "birth_date")
        except SubjectKeyGone:  # is being erased; others are looked at together with it
            return None
        if opened is None:
            return None
        year, month, day = (int(opened[place]) for place in (slice(0, 4), slice(5, 7), slice(8, 10)))
        return today.year - year - ((today.month, today.day) < (month, day))


def grow(look: Look, kin: Mapping[UUID, Kinship], counted: Mapping[UUID, Fresh], now: datetime) -> bool:
    """Add what was counted just now to what the person had done before; whether that is all there is to it. Sums are of the
    day, and of the customers, of when something was counted last."""
    fresh = [counted[member] for member in look.members if member in counted]
    known, plain, last = look.known, look.known.plain, look.before.counted_at
    if not fresh or last is None or last.astimezone(UTC).date() != now.astimezone(UTC).date():
        return False
    if look.joined or any(kin[member].since > last for member in look.members if member in kin):
        return False
    added = [one for part in fresh for one in part.added or ()]
    if not all(part.added for part in fresh) or "last_seen_at" not in plain:
        return False
    told = counting.grown(Activity(known.metrics, known.lasts), added)
    known.metrics, known.lasts = told.metrics, told.lasts
    plain["first_seen_at"] = min(plain["first_seen_at"], *(part.first_at for part in fresh))
    plain["last_seen_at"] = max(plain["last_seen_at"], *(one.last_at for one in added))
    return True


async def done(session: AsyncSession, looks: Sequence[Look], now: datetime) -> None:
    """What the persons did, by windows, and since when and until when they have been seen."""
    everybody = [customer for look in looks for customer in look.members]
    today = now.astimezone(UTC).date()
    found = await buckets.done(session, everybody, now - LONGEST, today)
    for look in looks:
        parts = [found[member] for member in look.members]
        on = {day for part in parts for day in part.days}
        told = counting.activity((one for part in parts for one in part.sums), on, today)
        look.known.metrics, look.known.lasts = told.metrics, told.lasts
        look.known.plain.update(_seen(parts))
        look.moments.append(windows_move(on, now, look.person_id.int))


def _seen(parts: Sequence[Done]) -> dict[str, Any]:
    """Since and until when, and by which channels; nothing of who was never seen."""
    ever = joined([part.ever for part in parts if part.ever])
    return dict(zip(("first_seen_at", "last_seen_at", "channels"), ever, strict=True)) if ever else {}


async def given(session: AsyncSession, looks: Sequence[Look], now: datetime) -> None:
    """What somebody said of the persons in a word; of several the latest."""
    whose = {customer: look for look in looks for customer in look.members}
    documents: dict[UUID, dict[str, Any]] = {look.person_id: {} for look in looks}
    for row in await values.given(session, list(whose), now):
        look = whose[row.customer_id]
        documents[look.person_id][row.code] = row.value
        look.moments.append(row.expires_at)
    for look in looks:
        look.known.given = documents[look.person_id]


def months(looks: Iterable[Look], now: datetime) -> None:
    """Ages are counted again when the month turns where `now` is told."""
    for look in looks:
        if "age" in look.known.plain and look.known.plain["age"] is not None:
            look.moments.append(months_turn(now, look.person_id.int))


def next_moment(look: Look) -> datetime | None:
    return earliest(*look.moments)


async def _devices(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Device]]:
    columns = DEVICE.c
    shown = (
        columns.type,
        columns.brand,
        columns.os,
        columns.status,
        columns.bought_on,
        columns.warranty_until,
    )
    statement = select(columns.customer_id, *shown).where(among(columns.customer_id, list(ids)))
    found: dict[UUID, list[Device]] = {}
    for customer, *device in await session.execute(statement):
        found.setdefault(customer, []).append(Device(*device))
    return found


async def _relations(session: AsyncSession, ids: Sequence[UUID], day: date) -> dict[UUID, set[str]]:
    """Who acts is `kind/role`, the other end `of:kind`."""
    found: dict[UUID, set[str]] = {}
    mine = set(ids)
    for row in await facts.relations(session, ids, day):
        if row.from_id in mine:
            found.setdefault(row.from_id, set()).add(row.kind)
            if row.role:
                found[row.from_id].add(f"{row.kind}/{row.role}")
        if row.to_id in mine:
            found.setdefault(row.to_id, set()).add(f"of:{row.kind}")
    return found
