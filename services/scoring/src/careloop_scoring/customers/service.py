"""Keeping the replica: set-based, and the same whatever the order and number of deliveries."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.customers.policy import Facts, Value

_UPSERT = text("""
    INSERT INTO customer (customer_id, version, status, kind, withheld, facts, updated_at)
    SELECT customer_id, version, status, kind, withheld, facts, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS row (customer_id uuid, version bigint, status text, kind text, withheld text, facts jsonb)
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE
    SET version = excluded.version, status = excluded.status, kind = excluded.kind,
        withheld = excluded.withheld, facts = excluded.facts, updated_at = excluded.updated_at
    WHERE customer.version < excluded.version
""")

_COUNT = text("""
    INSERT INTO customer_activity AS known
        (customer_id, interactions, payments, amount, complaints, last_at, last_paid_at)
    SELECT *
    FROM unnest(
        CAST(:customer_id AS uuid[]), CAST(:interactions AS bigint[]), CAST(:payments AS bigint[]),
        CAST(:amount AS numeric[]), CAST(:complaints AS bigint[]), CAST(:last_at AS timestamptz[]),
        CAST(:last_paid_at AS timestamptz[])
    )
    ORDER BY 1
    ON CONFLICT (customer_id) DO UPDATE
    SET interactions = known.interactions + excluded.interactions,
        payments = known.payments + excluded.payments,
        amount = known.amount + excluded.amount,
        complaints = known.complaints + excluded.complaints,
        last_at = greatest(known.last_at, excluded.last_at),
        last_paid_at = greatest(known.last_paid_at, excluded.last_paid_at)
""")


@dataclass(frozen=True, slots=True)
class Known:
    """A customer's facts as of one version."""

    facts: Facts
    version: int


@dataclass(slots=True)
class Count:
    """What one customer did within some interactions."""

    customer_id: UUID
    interactions: int
    payments: int
    amount: Decimal
    complaints: int
    last_at: datetime
    last_paid_at: datetime | None

    def add(self, other: "Count") -> None:
        self.interactions += other.interactions
        self.payments += other.payments
        self.amount += other.amount
        self.complaints += other.complaints
        self.last_at = max(self.last_at, other.last_at)
        if other.last_paid_at:
            self.last_paid_at = max(self.last_paid_at or other.last_paid_at, other.last_paid_at)


async def remember(session: AsyncSession, customers: Iterable[Known], *, now: datetime) -> None:
    newest: dict[UUID, Known] = {}
    for one in customers:
        held = newest.get(one.facts.customer_id)
        if held is None or held.version < one.version:
            newest[one.facts.customer_id] = one
    gone = await subject_keys.destroyed(session, newest.keys())
    rows = [
        {
            "customer_id": one.facts.customer_id,
            "version": one.version,
            "status": one.facts.status,
            "kind": one.facts.kind,
            "withheld": one.facts.withheld,
            "facts": _document(one.facts),
        }
        for one in newest.values()
        if one.facts.customer_id not in gone
    ]
    if rows:
        await session.execute(_UPSERT, {"rows": _json(rows), "now": now})


async def count(session: AsyncSession, done: Iterable[Count]) -> None:
    """Add what customers did to what they did before."""
    counts: dict[UUID, Count] = {}
    for one in done:
        if held := counts.get(one.customer_id):
            held.add(one)
        else:
            counts[one.customer_id] = one
    for erased in await subject_keys.destroyed(session, counts.keys()):
        del counts[erased]
    if counts:
        columns = {name: [getattr(one, name) for one in counts.values()] for name in Count.__slots__}
        await session.execute(_COUNT, columns)


def _document(facts: Facts) -> dict[str, Any]:
    return {
        "region": facts.region,
        "vip": facts.vip,
        "care_flags": facts.care_flags,
        "devices": facts.devices,
        "joined_on": facts.joined_on,
        "left_on": facts.left_on,
        "subscriptions": [asdict(one) for one in facts.subscriptions],
        "attributes": {_plain(name): _plain(value) for name, value in facts.attributes.items()},
    }


def _plain(value: Value) -> Any:
    """PostgreSQL's JSON knows no NUL and no NaN."""
    if isinstance(value, str):
        return value.replace("\0", "")
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, default=str, ensure_ascii=False, allow_nan=False)
