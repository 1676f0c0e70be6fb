"""Writing customers: set-based, so that one customer and a thousand take the same few statements.

Only what differs between `before` and `after` is written; a change that changes nothing leaves no trace.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from careloop_common import outbox
from sqlalchemy import delete, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import Finding
from careloop_profile.cleansing.service import Noted, note
from careloop_profile.customers import events, policy, queries
from careloop_profile.customers.errors import CustomerExists
from careloop_profile.customers.personal import PERSONAL_FACTS
from careloop_profile.customers.policy import Consent, Customer
from careloop_profile.customers.policy.state import flat
from careloop_profile.customers.queries import IDENTIFIER, Kinship

_CUSTOMER_TYPES = """
    id uuid, version int, kind text, source text, external_id text, status text, joined_on date, left_on date,
    region text, language text, vip boolean, care_flags text[], name_sealed text, birth_date_sealed text,
    address_sealed text, do_not_disturb boolean, quiet_hours jsonb, declared_devices int, attributes jsonb, created_at timestamptz, updated_at timestamptz
"""
_SUBSCRIPTION_TYPES = """
    customer_id uuid, subscription_id uuid, product text, plan text, status text, monthly_fee numeric,
    currency text, contract text, started_on date, ended_on date
"""
_IDENTIFIER_TYPES = "customer_id uuid, kind text, blind_index text, sealed text"
_CONSENT_TYPES = """
    customer_id uuid, purpose text, channel text, granted boolean, at timestamptz,
    recorded_at timestamptz, recorded_by text
"""


@dataclass(frozen=True, slots=True)
class Change:
    """`words` are consents to append, also those that an older or newer one outweighs; `findings` what was noticed
    about personal facts on their way in."""

    before: Customer | None
    after: Customer
    words: tuple[Consent, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def real(self) -> bool:
        return self.before != self.after

    @property
    def noted(self) -> Noted:
        before, after = self.before, self.after
        changed = [
            name for name in PERSONAL_FACTS if before and getattr(before, name) != getattr(after, name)
        ]
        return Noted(after.customer_id, after.source, self.findings, changed)


async def store(
    session: AsyncSession, changes: Sequence[Change], *, now: datetime, recorded_by: str
) -> list[Customer]:
    """Write the changes and publish them; returns the customers as they are afterwards, in the same order.

    Existing customers must have been loaded with a lock.
    """
    finished = [_next_version(change, now) if change.real else change for change in changes]
    real = [change for change in finished if change.real]
    await _write_customers(session, [change.after for change in real])
    await _write_identifiers(session, real)
    await _write_subscriptions(session, real)
    await _append_consents(session, finished, now, recorded_by)
    await _tell(session, real, now)
    await note(session, [change.noted for change in finished], now=now, by=recorded_by)
    return [change.after for change in finished]


async def retell(session: AsyncSession, customers: Collection[Customer], *, now: datetime) -> None:
    """Publish customers of whom nothing changed but what binds their person. They must have been loaded with a lock.

    Only the version counts up, so that replicas take the news: what a source said, and when, stays as it was.
    """
    raised = [replace(customer, version=customer.version + 1) for customer in customers]
    await _write_customers(session, raised)
    kin = await queries.kin(session, [customer.customer_id for customer in customers])
    everybody = await queries.load(session, list(kin))
    for customer in raised:
        outbox.add(session, events.of(customer, _bound(customer, everybody, kin)), now=now)


async def _tell(session: AsyncSession, changes: Sequence[Change], now: datetime) -> None:
    """Publish what changed, and the other customers of the same persons whom it binds."""
    changed = {change.after.customer_id: change for change in changes}
    kin = await queries.kin(session, list(changed))
    after = await queries.load(session, list(kin)) if kin else {}
    for change in changes:
        outbox.add(session, events.of(change.before, _bound(change.after, after, kin)), now=now)
    before = after | {key: change.before for key, change in changed.items() if change.before and key in kin}
    concerned = [
        other
        for key, other in after.items()
        if key not in changed and _bound(other, before, kin) != _bound(other, after, kin)
    ]
    if concerned:
        await retell(session, concerned, now=now)


def _bound(customer: Customer, everybody: Mapping[UUID, Customer], kin: Mapping[UUID, Kinship]) -> Customer:
    kinship = kin.get(customer.customer_id)
    if kinship is None:
        return customer
    person = [one for key, one in everybody.items() if kin[key].person_id == kinship.person_id]
    return policy.bound(customer, person, kinship.since)


def _next_version(change: Change, now: datetime) -> Change:
    version = change.before.version + 1 if change.before else 1
    return replace(change, after=replace(change.after, version=version, updated_at=now))


async def _write_customers(session: AsyncSession, customers: Sequence[Customer]) -> None:
    written = await _upsert(
        session,
        "customer",
        _CUSTOMER_TYPES,
        key=("id",),
        rows=[_customer_row(customer) for customer in customers],
        guard="customer.version = excluded.version - 1",
        returning="id",
    )
    if len(written) != len(customers):
        raise CustomerExists("Another request registered this customer at the same moment.")


async def _write_identifiers(session: AsyncSession, changes: Sequence[Change]) -> None:
    rows: list[dict[str, Any]] = []
    gone: list[tuple[UUID, str]] = []
    for change in changes:
        for kind in policy.IDENTIFIERS:
            old = getattr(change.before, kind, None)
            new = getattr(change.after, kind)
            if new is None and old is not None:
                gone.append((change.after.customer_id, kind))
            elif new != old:
                rows.append(
                    {
                        "customer_id": change.after.customer_id,
                        "kind": kind,
                        "blind_index": new.index,
                        "sealed": new.sealed,
                    }
                )
    if gone:
        await session.execute(
            delete(IDENTIFIER).where(tuple_(IDENTIFIER.c.customer_id, IDENTIFIER.c.kind).in_(gone))
        )
    await _upsert(session, "identifier", _IDENTIFIER_TYPES, key=("customer_id", "kind"), rows=rows)


async def _write_subscriptions(session: AsyncSession, changes: Sequence[Change]) -> None:
    rows = [
        {"customer_id": change.after.customer_id, **flat(item)}
        for change in changes
        for item in set(change.after.subscriptions).difference(
            change.before.subscriptions if change.before else ()
        )
    ]
    await _upsert(
        session, "subscription", _SUBSCRIPTION_TYPES, key=("customer_id", "subscription_id"), rows=rows
    )


async def _append_consents(
    session: AsyncSession, changes: Iterable[Change], now: datetime, recorded_by: str
) -> None:
    rows = [
        {
            "customer_id": change.after.customer_id,
            **flat(word),
            "recorded_at": now,
            "recorded_by": recorded_by,
        }
        for change in changes
        for word in change.words
    ]
    key = ("customer_id", "purpose", "channel", "at", "granted")
    await _upsert(session, "consent", _CONSENT_TYPES, key=key, rows=rows, guard=None)


async def _upsert(
    session: AsyncSession,
    table: str,
    types: str,
    *,
    key: tuple[str, ...],
    rows: Sequence[dict[str, Any]],
    guard: str | None = "true",
    returning: str = "1",
) -> Sequence[Any]:
    """All rows in one statement: they travel as one JSON document, which PostgreSQL reads by the types given.

    `guard` says which rows that are there may be replaced; None means none of them.
    """
    if not rows:
        return ()
    columns = [part.split()[0] for part in types.split(",")]
    assignments = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    replacing = f"UPDATE SET {assignments} WHERE {guard}" if guard else "NOTHING"
    statement = text(
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608  (names are constants of this module)
        f"SELECT {', '.join(columns)} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row({types}) "
        f"ON CONFLICT ({', '.join(key)}) DO {replacing} RETURNING {returning}"
    )
    return (await session.execute(statement, {"rows": msgspec.json.encode(rows).decode()})).all()


def _customer_row(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.customer_id,
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
        "name_sealed": customer.name,
        "birth_date_sealed": customer.birth_date,
        "address_sealed": customer.address,
        "do_not_disturb": customer.do_not_disturb,
        "quiet_hours": customer.quiet_hours,
        "declared_devices": customer.declared_devices,
        "attributes": customer.attributes,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }
