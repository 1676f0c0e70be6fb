"""Versions of the model: documents that never change, of which the newest is active."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careloop_common.database import lasting
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.linkage import policy, queries
from careloop_profile.linkage.errors import InvalidLinkageModel, LinkageModelNotFound
from careloop_profile.linkage.models import LinkageModelRow
from careloop_profile.linkage.policy import Model


def checked(document: Mapping[str, Any], version: int = 0) -> Model:
    """The model that a document describes; `InvalidLinkageModel` says what contradicts what."""
    try:
        return policy.read(version, document)
    except ValueError as error:
        raise InvalidLinkageModel(f"The model is not usable: {error}.") from error


async def publish(
    session: AsyncSession, document: Mapping[str, Any], *, now: datetime, actor: Actor
) -> LinkageModelRow:
    """Make a document the active model. Customers known before are compared by it in the background."""
    checked(document)
    row = LinkageModelRow(name=document["name"], document=dict(document), created_at=now, created_by=actor.id)
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, version: int) -> LinkageModelRow:
    row = await session.get(LinkageModelRow, version)
    if row is None:
        raise LinkageModelNotFound(f"There is no linkage model {version}.")
    return row


async def known(session: AsyncSession, version: int) -> Model:
    """A version, read. It never changes, so a process reads it once."""
    lasts = lasting(session)
    if (LinkageModelRow, version) not in lasts:
        lasts[LinkageModelRow, version] = checked((await find(session, version)).document, version)
    found: Model = lasts[LinkageModelRow, version]
    return found


async def active(session: AsyncSession) -> Model | None:
    """The newest version; None as long as nobody has published one."""
    version = await queries.active_version(session)
    return None if version is None else await known(session, version)
