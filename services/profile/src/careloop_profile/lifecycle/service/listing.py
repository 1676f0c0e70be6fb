"""Lists of persons: a rule under a name."""

from datetime import datetime

from careloop_common.rules import RuleError, parse, to_text
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.lifecycle import queries
from careloop_profile.lifecycle.errors import InvalidPersonList, PersonListNotFound
from careloop_profile.lifecycle.models import PersonListRow
from careloop_profile.tags import columns
from careloop_profile.tags.service import registry


async def find(session: AsyncSession, code: str, *, lock: bool = False) -> PersonListRow:
    row = await queries.person_list(session, code, lock=lock)
    if row is None:
        raise PersonListNotFound(f"There is no list {code}.")
    return row


async def put(
    session: AsyncSession,
    code: str,
    facts: dict[str, str],
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> PersonListRow:
    """Make a list, or another one of it."""
    known = await registry.current(session)
    try:
        rule = to_text(parse(facts["rule"], known.catalogue))
    except RuleError as error:
        raise InvalidPersonList(f"The rule cannot be read: {error}.", pointer="/rule") from error
    blank = {"code": code, "version": 0, **facts, "updated_at": now, "updated_by": actor.id}
    await queries.make_list(session, blank)
    row = await find(session, code, lock=True)
    check_version(expected_version, row.version)
    for name, value in {**facts, "rule": rule}.items():
        setattr(row, name, value)
    row.version, row.updated_at, row.updated_by = row.version + 1, now, actor.id
    await session.flush()
    return row


async def remove(session: AsyncSession, code: str) -> None:
    await session.delete(await find(session, code))


async def condition(session: AsyncSession, code: str, now: datetime) -> ColumnElement[bool]:
    """Who is on the list, as a condition over the facts."""
    row = await find(session, code)
    known = await registry.current(session)
    try:
        return columns.condition(parse(row.rule, known.catalogue), known, now)
    except RuleError as error:
        # It speaks of a tag that is no more.
        raise InvalidPersonList(f"The rule cannot be read any more: {error}.") from error
