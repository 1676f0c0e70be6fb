"""Definitions in versions: proposed, looked at, published, retired."""

from datetime import datetime
from typing import Any

from careloop_common import outbox
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags import events
from careloop_profile.tags.errors import InvalidTag, TagDecided, TagInUse, TagNotFound, TagSwitching
from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import (
    LIVE,
    Content,
    Reading,
    State,
    Unreadable,
    canonical,
    group_of,
    read,
)
from careloop_profile.tags.policy.registry import Registry
from careloop_profile.tags.policy.vocabulary import tag_key
from careloop_profile.tags.queries import definitions, values
from careloop_profile.tags.service import registry
from careloop_profile.tags.service.drafting import Proposal, make


def checked(content: Content, known: Registry) -> tuple[Content, Reading]:
    """The content in its one spelling, and what it means; `InvalidTag` says what is wrong with it."""
    if wrong := content.contradiction():
        raise InvalidTag(f"The definition is not usable: {wrong}.")
    try:
        return canonical(content, known.catalogue), read(content, known.catalogue)
    except Unreadable as error:
        raise InvalidTag(f"The rule cannot be read: {error}.", pointer=error.pointer) from error


async def propose(session: AsyncSession, proposal: Proposal, *, now: datetime, actor: Actor) -> DefinitionRow:
    """A new version of a tag, or a new tag. Nobody has it before it is published."""
    await definitions.hold(session)
    content, reading = checked(proposal.content, await registry.current(session))
    codes = await definitions.codes(session)
    latest, group = codes.get(proposal.code, (0, group_of(len(codes))))
    row = make(proposal, content, reading, version=latest + 1, group=group, now=now, by=actor.id)
    session.add(row)
    await session.flush()
    return row


async def publish(
    session: AsyncSession, code: str, version: int, *, now: datetime, actor: Actor
) -> DefinitionRow:
    """Ask everybody in the background, then put the version in force."""
    await definitions.looked(session)
    await definitions.hold(session)
    row = await find(session, code, version)
    if row.state != State.PROPOSED:
        raise TagDecided(f"Version {version} of {code} is {row.state}.", state=row.state)
    for other in await definitions.versions(session, code):
        if other.state == State.FILLING:
            raise TagDecided(f"Version {other.version} of {code} is being filled.", state=other.state)
    # What it speaks of may have been retired since.
    known = await registry.current(session)
    content, _ = checked(registry.content(row), known)
    if users := known.broken_by(code, content):
        raise TagInUse(f"Rules of {len(users)} tags ask for {code} as it is.", codes=users[:20])
    row.state, row.published_at, row.published_by = State.FILLING.value, now, actor.id
    return row


async def retire(session: AsyncSession, code: str, *, now: datetime, actor: Actor) -> DefinitionRow:
    """Nobody has the tag any more. What there was stays in the history, which is told of it by and by."""
    await definitions.hold_live(session, code)
    await definitions.hold(session)
    versions = [one for one in await definitions.versions(session, code) if one.state in LIVE]
    if not versions:
        raise TagNotFound(f"There is no tag {code} in force.")
    if users := [one for one in await definitions.depending(session, tag_key(code)) if one != code]:
        raise TagInUse(f"Rules of {len(users)} tags ask for {code}.", codes=users[:20])
    active = next((one for one in versions if one.state == State.ACTIVE), None)
    if active is not None and active.history_from is not None and active.recorded_at is None:
        raise TagSwitching(f"Version {active.version} of {code} has just come into force.")
    for row in versions:
        row.state, row.ended_at, row.ended_by, row.cursor = State.RETIRED.value, now, actor.id, None
        row.recorded_at = now
    if active is not None:
        active.recorded_at, active.history_from = None, await values.last_number(session)
        outbox.add(session, events.retired(active), now=now)
    return versions[0]


async def find(session: AsyncSession, code: str, version: int) -> DefinitionRow:
    row = await definitions.version(session, code, version)
    if row is None:
        raise TagNotFound(f"There is no version {version} of a tag {code}.")
    return row


async def versions_of(session: AsyncSession, code: str) -> list[DefinitionRow]:
    """The newest first."""
    rows = list(await definitions.versions(session, code))
    if not rows:
        raise TagNotFound(f"There is no tag {code}.")
    return rows


def summary(row: DefinitionRow) -> dict[str, Any]:
    """A version as others see it."""
    said = registry.content(row)
    shown = {
        name: getattr(row, name) for name in row.__class__.model_fields if name not in {"content", "group"}
    }
    return shown | {
        "rule": said.rule,
        "cases": [{"value": case.value, "rule": case.rule} for case in said.cases],
        "of": said.of,
        "values": list(said.values),
    }
