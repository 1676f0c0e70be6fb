"""Registers of phone numbers whose holders want no calls and no messages, whoever they are.

A number is kept by its blind index alone, so it also binds customers who come later. Other services are told of it
afterwards, in the background: a file may concern any number of customers.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import policy, statements
from careloop_profile.consents.policy import Numbers
from careloop_profile.customers import queries
from careloop_profile.customers import service as customers

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Register:
    name: str
    numbers: int
    untold: int
    """Of how many other services are still to be told."""
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file."""

    read: Numbers
    changed: int
    """Numbers that were not on the register before, or not any more after."""


async def list_numbers(
    session: AsyncSession,
    vault: Vault,
    register: str,
    data: bytes,
    *,
    region: str,
    now: datetime,
    actor: Actor,
) -> Outcome:
    """Put the numbers of a file on a register."""
    return await _change(
        session, vault, statements.LIST, register, data, region, {"now": now, "by": actor.id}
    )


async def remove_numbers(
    session: AsyncSession, vault: Vault, register: str, data: bytes, *, region: str, now: datetime
) -> Outcome:
    """Take the numbers of a file off a register."""
    return await _change(session, vault, statements.REMOVE, register, data, region, {"now": now})


async def registers(session: AsyncSession) -> list[Register]:
    return [Register(*row) for row in await session.execute(statements.REGISTERS)]


async def tell(session: AsyncSession, *, now: datetime) -> bool:
    """Publish whoever has the next numbers, with their persons; whether there may be more."""
    rows = (await session.execute(statements.UNTOLD, {"limit": BATCH})).all()
    if not rows:
        return False
    holders = await queries.holders(session, [row.blind_index for row in rows])
    ids = {customer_id for found in holders.values() for customer_id in found}
    held = await queries.load(session, sorted(ids), lock=True)
    await customers.retell(session, list(held.values()), now=now)
    for register, numbers in groupby(rows, key=lambda row: row.on_register):
        indexes = [row.blind_index for row in numbers]
        await session.execute(statements.TOLD, {"register": register, "indexes": indexes})
    return len(rows) == BATCH


async def _change(
    session: AsyncSession,
    vault: Vault,
    statement: TextClause,
    register: str,
    data: bytes,
    region: str,
    stamp: dict[str, object],
) -> Outcome:
    read, indexes = await asyncio.to_thread(_indexed, vault, data, region)
    found = await session.execute(statement, {"register": register, "indexes": indexes, **stamp})
    return Outcome(read, len(found.all()))


def _indexed(vault: Vault, data: bytes, region: str) -> tuple[Numbers, Sequence[str]]:
    read = policy.read_numbers(data.decode(errors="replace"), region)
    return read, [vault.blind_index("phone", number) for number in read.numbers]
