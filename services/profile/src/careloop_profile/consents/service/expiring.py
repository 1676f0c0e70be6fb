"""The clock ends a yes: an entry of the ledger, dated to the second at which it ended, and the news of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from careloop_common import outbox
from careloop_common.timers import DueTimer
from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import events, policy, queries
from careloop_profile.customers.policy import Customer, Terms
from careloop_profile.customers.service import Change, store

CLOCK: Final = Terms(source="clock")


async def expire_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
    """Write down which consents of these customers are over. What was renewed or taken back meanwhile is left alone."""
    owners = {timer.owner_id for timer in due}
    held = await queries.load(session, sorted(owners), lock=True)
    changes = [_expired(held[owner], now) for owner in sorted(owners) if owner in held]
    over = [change for change in changes if change.words]
    await store(session, over, now=now, recorded_by=SYSTEM.id)
    for change in over:
        outbox.add(session, events.consent_expired(change.after.customer_id, change.words), now=now)


def _expired(customer: Customer, now: datetime) -> Change:
    words = tuple(
        replace(word.on(now), terms=CLOCK)
        for word in customer.consents
        if word.granted and not word.on(now).granted
    )
    return Change(customer, policy.declare_consents(customer, words), words)
