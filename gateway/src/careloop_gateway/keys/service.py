from datetime import datetime, timedelta

from careloop_common.tokens import Actor
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_gateway.identity.roles import scopes_of
from careloop_gateway.identity.secrets import ApiKey, new_key
from careloop_gateway.keys import queries
from careloop_gateway.keys.errors import ApiKeyNotFound, ApiKeyRevoked, ExpiryPassed, GrantExceedsOwn
from careloop_gateway.keys.models import ApiKeyRow


async def issue(
    session: AsyncSession,
    *,
    name: str,
    roles: list[str],
    scopes: list[str],
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiKeyRow, ApiKey]:
    if beyond := scopes_of(frozenset(roles), frozenset(scopes)) - actor.scopes:
        raise GrantExceedsOwn(f"Not held by you: {', '.join(sorted(beyond))}.")
    if expires_at is not None and expires_at <= now:
        raise ExpiryPassed(pointer="/expires_at")
    key = new_key()
    row = ApiKeyRow(
        id=key.id,
        name=name,
        roles=sorted(set(roles)),
        scopes=sorted(set(scopes)),
        hash=key.hash,
        created_at=now,
        created_by=actor.id,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    return row, key


async def get(session: AsyncSession, key_id: str) -> ApiKeyRow:
    row = await session.get(ApiKeyRow, key_id)
    if row is None:
        raise ApiKeyNotFound
    return row


async def rotate(
    session: AsyncSession, key_id: str, *, grace: timedelta, actor: Actor, now: datetime
) -> tuple[ApiKeyRow, ApiKey]:
    """A new secret; the one before it stays good for the time of grace."""
    row = await _locked(session, key_id, actor)
    if row.revoked_at is not None:
        raise ApiKeyRevoked
    key = new_key(row.id)
    row.previous_hash, row.previous_until = row.hash, now + grace
    row.hash = key.hash
    _changed(row)
    await session.flush()
    return row, key


async def revoke(session: AsyncSession, key_id: str, *, actor: Actor, now: datetime) -> None:
    row = await _locked(session, key_id, actor)
    if row.revoked_at is None:
        row.revoked_at = now
        _changed(row)
        await session.flush()


async def _locked(session: AsyncSession, key_id: str, actor: Actor) -> ApiKeyRow:
    """The key, if it may do no more than the actor."""
    row = await queries.lock(session, key_id)
    if row is None:
        raise ApiKeyNotFound
    if row.principal().scopes - actor.scopes:
        raise GrantExceedsOwn("The key may do more than you.")
    return row


def _changed(row: ApiKeyRow) -> None:
    row.changed_at = func.clock_timestamp()  # type: ignore[assignment]
