from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import yaml
from careloop_common import keyset
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.tiers import policy
from careloop_scoring.tiers.models import TierTable

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('tier_table'))")


@dataclass(frozen=True)
class Deciding:
    """The table that decides now, and its version."""

    version: int
    table: policy.Table


async def newest(session: AsyncSession, *, before: int | None = None, limit: int = 1) -> Sequence[TierTable]:
    version: Any = TierTable.version
    statement = keyset.backward(select(TierTable), version, before=before, limit=limit)
    return (await session.execute(statement)).scalars().all()


async def deciding(session: AsyncSession, *, now: datetime) -> Deciding:
    """The newest version; the shipped table becomes the first one."""
    rows = await newest(session)
    row = rows[0] if rows else await add(session, _shipped(), by="careloop", now=now)
    return Deciding(row.version, policy.parse(row.content))


async def find(session: AsyncSession, version: int) -> policy.Table:
    return policy.parse((await session.get_one(TierTable, version)).content)


async def add(session: AsyncSession, content: Mapping[str, Any], *, by: str, now: datetime) -> TierTable:
    """A new version; it decides from the next run on."""
    policy.parse(content)
    await session.execute(_LOCK)
    last = (await session.execute(select(func.coalesce(func.max(TierTable.version), 0)))).scalar_one()
    row = TierTable(version=last + 1, content=dict(content), created_by=by, created_at=now)
    session.add(row)
    await session.flush()
    return row


def _shipped() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(
        resources.files(__package__).joinpath("default_table.yaml").read_text("utf-8")
    )
    return raw
