"""Lifting a suppression: what somebody was called by who was erased belongs to somebody else now, or is theirs again."""

from collections.abc import Mapping
from datetime import datetime

from careloop_common import ids
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import FieldName, Setting, read
from careloop_profile.customers.service.reading_input import accepted
from careloop_profile.privacy import queries
from careloop_profile.privacy.errors import SuppressionLifted, SuppressionNotFound
from careloop_profile.privacy.models import LiftRow
from careloop_profile.privacy.policy import LiftReason


async def lift(
    session: AsyncSession,
    vault: Vault,
    called: Mapping[FieldName, str],
    reason: LiftReason,
    *,
    setting: Setting,
    now: datetime,
    actor: Actor,
) -> LiftRow:
    """What comes about this identifier waits for its customer again. What came meanwhile went nowhere, and stays there."""
    ((kind, raw),) = called.items()
    index = vault.blind_index(kind, accepted(f"/{kind}", read(kind, raw, setting)))
    since = await queries.unsuppress(session, index)
    if since is None:
        if earlier := await queries.latest_lift(session, index):
            raise SuppressionLifted("The suppression was lifted before.", lift_id=str(earlier.id))
        raise SuppressionNotFound(f"This {kind} is not suppressed.")
    row = LiftRow(
        id=ids.new_id(),
        blind_index=index,
        kind=kind,
        since=since,
        lifted_at=now,
        lifted_by=actor.id,
        reason=reason.value,
    )
    session.add(row)
    await session.flush()
    return row
