from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import queries
from careloop_profile.consents.errors import ChannelMismatch, EndsBeforeBeginning, NoticeUnknown
from careloop_profile.consents.queries import Reference
from careloop_profile.customers import service as customers
from careloop_profile.customers.policy import ANY, CHANNELS, USES, Consent, Customer, Terms
from careloop_profile.customers.policy.state import ConsentStatus, LedgerChannel, LedgerPurpose

PROOF: Final = "consent_proof"
"""The field that proofs are sealed as."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody brings: a word about one purpose, on one channel or all, and on what grounds."""

    purpose: LedgerPurpose
    channel: LedgerChannel
    status: ConsentStatus
    at: datetime
    expires_at: datetime | None = None
    legal_basis: str = "consent"
    notice: Reference | None = None
    proof_kind: str | None = None
    proof: Mapping[str, Any] | None = None
    source: str | None = None


async def declare(
    session: AsyncSession,
    vault: Vault,
    customer_id: UUID,
    statements: Sequence[Statement],
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Write down what a customer said. A word about all channels is one about each."""
    wanted = {statement.notice for statement in statements if statement.notice}
    missing = wanted.difference(
        Reference(row.name, row.version) for row in await queries.notices(session, wanted)
    )
    if missing:
        name, version = min(missing)
        raise NoticeUnknown(f"Notice {name!r} has no version {version}.", pointer="/items")
    await customers.get(session, customer_id, lock=True)
    words = tuple(
        word for number, one in enumerate(statements) for word in _words(vault, customer_id, number, one)
    )
    return await customers.declare(
        session, customer_id, words, expected_version=expected_version, now=now, actor=actor
    )


def _words(vault: Vault, customer_id: UUID, number: int, statement: Statement) -> list[Consent]:
    if statement.purpose in USES and statement.channel != ANY:
        raise ChannelMismatch(f"{statement.purpose} has no channel.", pointer=f"/items/{number}/channel")
    if statement.expires_at and statement.expires_at <= statement.at:
        raise EndsBeforeBeginning("A consent ends after it was given.", pointer=f"/items/{number}/expires_at")
    sealed = statement.proof and vault.seal(
        customer_id, PROOF, msgspec.json.encode(dict(statement.proof)).decode()
    )
    notice = statement.notice
    terms = Terms(
        legal_basis=statement.legal_basis,
        notice=notice and notice.name,
        notice_version=notice and notice.version,
        proof_kind=statement.proof_kind,
        proof_sealed=sealed or None,
        source=statement.source,
    )
    everywhere = statement.channel == ANY and statement.purpose not in USES
    channels: Sequence[LedgerChannel] = CHANNELS if everywhere else (statement.channel,)
    return [
        Consent(statement.purpose, channel, statement.status, statement.at, statement.expires_at, terms)
        for channel in channels
    ]
