"""The tags that come with the platform: packs of definitions as files, put in force where there are none."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import structlog
import yaml
from careloop_common.tokens import SYSTEM
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import (
    Content,
    Kind,
    Reading,
    State,
    Unreadable,
    canonical,
    given_types,
    group_of,
    read,
)
from careloop_profile.tags.policy.vocabulary import catalogue
from careloop_profile.tags.queries import definitions
from careloop_profile.tags.queries.facts import FACT
from careloop_profile.tags.service import registry
from careloop_profile.tags.service.drafting import Proposal, make

log = structlog.get_logger()
OWNER: Final = "careloop"


class Wanted(NamedTuple):
    """A definition that comes with the platform and is not there."""

    proposal: Proposal
    content: Content
    reading: Reading
    version: int
    group: int
    before: DefinitionRow | None
    """The newest version that there is."""


@cache
def shipped() -> tuple[Proposal, ...]:
    """Every definition of every pack, in the order of files and of lines."""
    return tuple(_read())


def packs() -> Iterator[dict[str, Any]]:
    """The packs as they are written."""
    folder = files("careloop_profile.tags") / "packs"
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".yaml"):
            yield yaml.safe_load(file.read_text(encoding="utf-8"))


def _read() -> Iterator[Proposal]:
    for pack in packs():
        for one in pack["tags"]:
            document = {name: one[name] for name in ("rule", "cases", "of", "values") if name in one}
            kind = Kind(one.get("kind", "aggregate" if "of" in one else "rule"))
            value_type = {"cases": "text", "of": "number"}.get(next(iter(document), ""), "bool")
            yield Proposal(
                code=one["code"],
                name=one["name"],
                name_zh=one["zh"],
                description=one.get("about", ""),
                category=one.get("category", pack["category"]),
                pack=pack["pack"],
                owner=OWNER,
                sensitivity=one.get("sensitivity", pack.get("sensitivity", "internal")),
                ttl_days=one.get("ttl_days"),
                content=registry.of_document(kind, one.get("type", value_type), document),
            )


async def begin(session: AsyncSession, *, now: datetime) -> None:
    """Put all of them in force where nobody is known yet. Who looks at a person first does this before it locks anybody, for
    others wait for it; later releases are left to `install`."""
    if await _anybody(session):
        return
    await definitions.hold(session)
    if not await definitions.any_live(session):
        await _put(session, await _wanted(session, shipped()), State.ACTIVE, now)


async def install(session: AsyncSession, *, now: datetime, release: Sequence[Proposal] | None = None) -> int:
    """Put those of a release in force that there never were, and new versions of those that nobody changed; returns how many.

    Where nobody is known yet, they are in force at once; else everybody is asked in the background. One whose values would be
    of another kind or type than rules here ask for stays as it is.
    """
    release = shipped() if release is None else release
    if not await _wanted(session, release):
        return 0
    # In this order, as whoever publishes does: who fills a version waits for the second with persons locked, and who looks
    # at persons for these while the first waits for it.
    await definitions.looked(session)
    await definitions.hold(session)
    wanted = await _wanted(session, release)
    await _put(session, wanted, State.FILLING if await _anybody(session) else State.ACTIVE, now)
    return len(wanted)


async def _anybody(session: AsyncSession) -> bool:
    """Whether somebody was looked at already."""
    looked_at = select(FACT.c.person_id).where(FACT.c.evaluated_at.is_not(None)).limit(1)
    return await session.scalar(looked_at) is not None


async def _wanted(session: AsyncSession, release: Sequence[Proposal]) -> list[Wanted]:
    codes = await definitions.codes(session)
    newest = {row.code: row for row in await session.scalars(_newest())}
    over = catalogue(_given(newest, release))
    known = await registry.current(session)
    wanted = []
    for proposal in release:
        before = newest.get(proposal.code)
        try:
            content, reading = canonical(proposal.content, over), read(proposal.content, over)
        except Unreadable as error:
            # It asks for a tag of which somebody here made another one.
            log.warning("tag.not_installed", code=proposal.code, why=str(error))
            continue
        if before is not None and not _outdated(before, content):
            continue
        if users := known.broken_by(proposal.code, content):
            log.warning(
                "tag.not_installed", code=proposal.code, why="rules ask for it as it is", codes=users[:20]
            )
            continue
        version, group = codes.get(proposal.code, (0, group_of(len(codes))))
        codes[proposal.code] = version + 1, group
        wanted.append(Wanted(proposal, content, reading, version + 1, group, before))
    return wanted


async def _put(session: AsyncSession, wanted: Sequence[Wanted], state: State, now: datetime) -> None:
    for one in wanted:
        row = make(
            one.proposal,
            one.content,
            one.reading,
            version=one.version,
            group=one.group,
            now=now,
            by=SYSTEM.id,
        )
        row.state, row.published_at, row.published_by = state.value, now, SYSTEM.id
        if state is State.ACTIVE:
            row.switched_at = row.recorded_at = now
            if one.before is not None:
                one.before.state, one.before.ended_at = State.SUPERSEDED.value, now
                row.replaces = one.before.number
                await session.flush()
        session.add(row)
    await session.flush()


def _newest() -> Any:
    table = DefinitionRow.__table__  # type: ignore[attr-defined]
    return select(DefinitionRow).ext(distinct_on(table.c.code)).order_by(table.c.code, table.c.version.desc())


def _outdated(row: DefinitionRow, content: Content) -> bool:
    """Whether a newer release says something else, if only of which type the values are, and nobody here did."""
    ours = row.created_by == SYSTEM.id and row.state == State.ACTIVE
    return ours and registry.content(row) != content


def _given(newest: dict[str, DefinitionRow], release: Sequence[Proposal]) -> dict[str, Any]:
    said = {code: registry.content(row) for code, row in newest.items() if row.state != State.PROPOSED}
    return given_types({proposal.code: proposal.content for proposal in release} | said)
