"""Hearing of the other services, and the receipt when all have obeyed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common.database import vault
from careloop_common.privacy import Vault
from careloop_common.signing import Signer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.privacy import policy, queries
from careloop_profile.privacy.errors import ErasureNotFound
from careloop_profile.privacy.models import AcknowledgementRow, ErasureRow

SERVICES: Final = ("campaign", "scoring", "ticketing")
_PURPOSE: Final = "careloop erasure receipts"


async def find(session: AsyncSession, request_id: UUID) -> tuple[ErasureRow, Sequence[AcknowledgementRow]]:
    row = await session.get(ErasureRow, request_id)
    if row is None:
        raise ErasureNotFound(f"There is no erasure request {request_id}.")
    return row, await queries.acknowledgements(session, request_id)


async def acknowledge(
    session: AsyncSession, said: Sequence[dict[str, Any]], services: Sequence[str], *, now: datetime
) -> None:
    """Other services say that they have obeyed."""
    await queries.acknowledge(session, said)
    for request_id in sorted({one["request_id"] for one in said}):
        if row := await queries.held(session, request_id):
            await complete(session, vault(session), row, services, now=now)


async def complete(
    session: AsyncSession, keys: Vault, row: ErasureRow, services: Sequence[str], *, now: datetime
) -> None:
    """Sign the receipt, once nothing is outstanding."""
    if row.state != "waiting":
        return
    heard = await queries.acknowledgements(session, row.id)
    told = {(one.customer_id, one.service) for one in heard}
    if policy.outstanding(row.customers, services, told):
        return
    row.state, row.completed_at = "completed", now
    row.receipt = _signed(keys, _receipt(row, heard))


def _receipt(row: ErasureRow, heard: Sequence[AcknowledgementRow]) -> dict[str, Any]:
    assert row.erased_at
    assert row.completed_at
    return {
        "request_id": str(row.id),
        "customers": [str(one) for one in row.customers],
        "reason": row.reason,
        "requested_at": row.requested_at.isoformat(),
        "requested_by": row.requested_by,
        "completed_at": row.completed_at.isoformat(),
        "services": [
            {"service": "profile", "at": row.erased_at.isoformat(), "done": row.done},
            *(
                {
                    "service": one.service,
                    "customer_id": str(one.customer_id),
                    "at": one.at.isoformat(),
                    "done": one.done,
                }
                for one in heard
            ),
        ],
    }


def _signed(keys: Vault, receipt: dict[str, Any]) -> dict[str, Any]:
    """The receipt with the key that checks it."""
    signer = Signer(keys, _PURPOSE)
    key = {"algorithm": "Ed25519", "key_id": signer.key_id, "public_key": signer.public_key}
    whole = {**receipt, **key}
    return {**whole, "signature": signer.sign(policy.signed_part(whole))}
