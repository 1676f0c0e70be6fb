"""Do-not-disturb as the tables have it: what customers said, and numbers on registers."""

from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.policy import Block, QuietHours
from careloop_profile.customers.policy.state import Channel

REGISTERED_CHANNELS: Final[tuple[Channel, ...]] = ("call", "sms")
"""What being on a register of phone numbers forbids."""

_SAID = text(
    "SELECT * FROM do_not_disturb WHERE customer_id = ANY(:ids) AND ended_at IS NULL ORDER BY said_at, id"
)
_ON_REGISTERS = text("""
    SELECT DISTINCT identifier.customer_id, listed.on_register AS register
    FROM identifier JOIN listed_number AS listed USING (blind_index)
    WHERE identifier.customer_id = ANY(:ids) AND identifier.kind = 'phone' AND listed.removed_at IS NULL
    ORDER BY register
""")
_LISTED = text(
    "SELECT blind_index, on_register AS register FROM listed_number"
    " WHERE blind_index = ANY(:indexes) AND removed_at IS NULL ORDER BY register"
)


async def blocks_of(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Block]]:
    """The do-not-disturb of each of these customers that has not ended."""
    found: dict[UUID, list[Block]] = {}
    for row in await session.execute(_SAID, {"ids": list(ids)}):
        block = Block(row.reason, row.channel, row.hours and quiet_hours(row.hours), row.until, row.id)
        found.setdefault(row.customer_id, []).append(block)
    for customer_id, register in await session.execute(_ON_REGISTERS, {"ids": list(ids)}):
        found.setdefault(customer_id, []).extend(registered([register]))
    return found


async def listed(session: AsyncSession, indexes: Sequence[str]) -> dict[str, list[str]]:
    """The registers on which phone numbers are, by their blind indexes."""
    found: dict[str, list[str]] = {}
    for index, register in await session.execute(_LISTED, {"indexes": list(indexes)}):
        found.setdefault(index, []).append(register)
    return found


def registered(registers: Iterable[str]) -> tuple[Block, ...]:
    """What it means for a number to be on these registers."""
    return tuple(Block(f"register:{name}", channel) for name in registers for channel in REGISTERED_CHANNELS)


def quiet_hours(stored: dict[str, Any]) -> QuietHours:
    """Quiet hours from their document."""
    return QuietHours(
        time.fromisoformat(stored["start"]),
        time.fromisoformat(stored["end"]),
        stored["timezone"],
        tuple(stored.get("weekdays", ())),
    )
