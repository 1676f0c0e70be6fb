"""The rows of customers: set-based, so that one customer and a thousand take the same few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from careloop_common import ids
from sqlalchemy import delete, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import Finding
from careloop_profile.cleansing.service import Noted
from careloop_profile.customers import policy
from careloop_profile.customers.errors import CustomerExists
from careloop_profile.customers.personal import PERSONAL_FACTS
from careloop_profile.customers.policy import Consent, Customer
from careloop_profile.customers.policy.state import flat
from careloop_profile.customers.queries import IDENTIFIER

_CUSTOMER_TYPES = """
    id uuid, version int, kind text, source text, external_id text, status text, joined_on date, left_on date,
    region text, language text, vip boolean, care_flags text[], name_sealed text, birth_date_sealed text,
    address_sealed text, do_not_disturb boolean, quiet_hours jsonb, more_quiet jsonb, accessibility text[],
    declared_devices int, attributes jsonb, changed_at jsonb, created_at timestamptz, updated_at timestamptz
"""
_SUBSCRIPTION_TYPES = """
    customer_id uuid, subscription_id uuid, product text, plan text, status text, monthly_fee numeric,
    currency text, contract text, started_on date, ended_on date
"""
_IDENTIFIER_TYPES = "customer_id uuid, kind text, blind_index text, sealed text"
_CONSENT_TYPES = """
    customer_id uuid, purpose text, channel text, status text, at timestamptz, entry_id uuid,
    said_at timestamptz, expires_at timestamptz, legal_basis text, notice text, notice_version int, proof_kind text,
    proof_sealed text, source text, recorded_at timestamptz, recorded_by text
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


async def write_customers(session: AsyncSession, customers: Sequence[Customer]) -> None:
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


async def write_identifiers(session: AsyncSession, changes: Sequence[Change]) -> None:
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


async def write_subscriptions(session: AsyncSession, changes: Sequence[Change]) -> None:
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


async def append_consents(
    session: AsyncSession, changes: Iterable[Change], now: datetime, recorded_by: str
) -> None:
    rows = [
        {
            "customer_id": change.after.customer_id,
            **flat(word),
            **{name: getattr(word.terms, name) for name in word.terms.__slots__},
            "entry_id": ids.new_id(),
            "terms": None,
            "recorded_at": now,
            "recorded_by": recorded_by,
        }
        for change in changes
        for word in change.words
    ]
    key = ("customer_id", "purpose", "channel", "at", "status")
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
        "more_quiet": customer.more_quiet,
        "accessibility": customer.accessibility,
        "declared_devices": customer.declared_devices,
        "attributes": customer.attributes,
        "changed_at": customer.changed_at,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }
