"""Keeping the replica, in sets, and reading it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_campaign.audience.models import AudienceMember
from careloop_campaign.audience.policy import Member

# One statement and one parameter for a whole batch. The version guards against an event that comes late or again.
_STORE = text("""
    INSERT INTO audience_member AS kept (
        customer_id, version, status, region, language, vip, tier, care_flags, name, phone, email,
        do_not_disturb, quiet_start, quiet_end, quiet_timezone, quiet_weekdays, also_quiet, consents, blocks,
        accessibility, automated_decisions, updated_at)
    SELECT customer_id, version, status, region, language, vip, tier, care_flags, name, phone, email,
        do_not_disturb, quiet_start, quiet_end, quiet_timezone, quiet_weekdays, also_quiet, consents, blocks,
        accessibility, automated_decisions, updated_at
    FROM jsonb_to_recordset(CAST(:states AS jsonb)) AS new (
        customer_id uuid, version int, status text, region text, language text, vip boolean, tier text,
        care_flags jsonb, name text, phone text, email text, do_not_disturb boolean, quiet_start time,
        quiet_end time, quiet_timezone text, quiet_weekdays jsonb, also_quiet jsonb, consents jsonb, blocks jsonb,
        accessibility jsonb, automated_decisions boolean, updated_at timestamptz)
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET
        version = excluded.version, status = excluded.status, region = excluded.region,
        language = excluded.language, vip = excluded.vip, tier = excluded.tier,
        care_flags = excluded.care_flags, name = excluded.name, phone = excluded.phone,
        email = excluded.email, do_not_disturb = excluded.do_not_disturb,
        quiet_start = excluded.quiet_start, quiet_end = excluded.quiet_end,
        quiet_timezone = excluded.quiet_timezone, quiet_weekdays = excluded.quiet_weekdays,
        also_quiet = excluded.also_quiet, consents = excluded.consents, blocks = excluded.blocks,
        accessibility = excluded.accessibility, automated_decisions = excluded.automated_decisions,
        updated_at = excluded.updated_at
    WHERE kept.version < excluded.version
""")


async def store(session: AsyncSession, states: Iterable[Mapping[str, Any]]) -> None:
    """Take over the newest of the given states of each customer, where it is newer than the one kept."""
    newest: dict[str, Mapping[str, Any]] = {}
    for state in states:
        known = newest.get(state["customer_id"])
        if known is None or known["version"] < state["version"]:
            newest[state["customer_id"]] = state
    for erased in await subject_keys.destroyed(session, [UUID(one) for one in newest]):
        del newest[str(erased)]
    if newest:
        await session.execute(_STORE, {"states": json.dumps(list(newest.values()))})


async def members(session: AsyncSession, customer_ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Those of the customers that are known here."""
    rows = await session.scalars(
        select(AudienceMember)
        .where(col(AudienceMember.customer_id).in_(set(customer_ids)))
        # The rows change behind the session's back, by the statement above and in other processes.
        .execution_options(populate_existing=True)
    )
    return {row.customer_id: row.to_member() for row in rows}
