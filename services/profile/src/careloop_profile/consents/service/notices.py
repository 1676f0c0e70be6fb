from collections.abc import Mapping, Sequence
from datetime import datetime

from careloop_common.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import queries
from careloop_profile.consents.errors import ConsentNoticeNotFound
from careloop_profile.consents.models import NoticeRow
from careloop_profile.consents.queries import Reference

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('consent_notice'))")


async def publish_notice(
    session: AsyncSession,
    name: str,
    *,
    purposes: Sequence[str],
    texts: Mapping[str, str],
    now: datetime,
    actor: Actor,
) -> NoticeRow:
    """A new version of a text. Words that were said on the older ones keep them."""
    await session.execute(_LOCK)
    version = await queries.newest_notice(session, name) + 1
    row = NoticeRow(
        name=name,
        version=version,
        purposes=list(dict.fromkeys(purposes)),
        texts=dict(texts),
        published_at=now,
        published_by=actor.id,
    )
    session.add(row)
    await session.flush()
    return row


async def find_notice(session: AsyncSession, name: str, version: int) -> NoticeRow:
    found = await queries.notices(session, [Reference(name, version)])
    if not found:
        raise ConsentNoticeNotFound(f"Notice {name!r} has no version {version}.")
    return found[0]
