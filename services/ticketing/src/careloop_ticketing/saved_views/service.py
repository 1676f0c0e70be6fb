"""Saving views and looking them up. A view of one's own hides the shared one of the same code."""

from datetime import datetime
from typing import Final

from careloop_common.errors import ScopeMissing
from careloop_common.rules import Rule, RuleError
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing import facts
from careloop_ticketing.saved_views import queries
from careloop_ticketing.saved_views.errors import TooManyViews, ViewBroken, ViewNotFound
from careloop_ticketing.saved_views.models import EVERYBODY, SavedViewRow

MOST: Final = 200
"""Views of one owner."""
SUPERVISE: Final = "tickets:supervise"


async def save(
    session: AsyncSession,
    code: str,
    *,
    name: str,
    rule: str,
    shared: bool,
    expected: int | None = None,
    actor: Actor,
    now: datetime,
) -> SavedViewRow:
    """Save a view for the actor, or for everybody; one that they share does not stay theirs beside it."""
    _check(rule)
    owner_id = EVERYBODY if shared else actor.id
    if shared:
        _may_share(actor)
    seen = await queries.lock_called(session, code, actor.id)
    if expected is not None:
        check_version(expected, seen.version if seen else 0)
    if shared and seen is not None and not seen.shared:
        await session.delete(seen)
    if (
        await session.get(SavedViewRow, (code, owner_id)) is None
        and await queries.count(session, owner_id) >= MOST
    ):
        raise TooManyViews(f"There are {MOST} views already.")
    values = {"name": name, "rule": rule, "saved_at": now, "saved_by": actor.id}
    saved = insert(SavedViewRow).values(code=code, owner_id=owner_id, version=1, **values)
    next_version = {"version": col(SavedViewRow.version) + 1}
    upsert = saved.on_conflict_do_update(index_elements=["code", "owner_id"], set_=values | next_version)
    stored = upsert.returning(SavedViewRow)
    return (await session.scalars(stored, execution_options={"populate_existing": True})).one()


async def get(session: AsyncSession, code: str, *, actor: Actor) -> SavedViewRow:
    view = await queries.called(session, code, actor.id)
    if view is None:
        raise ViewNotFound(f"There is no view {code!r}.")
    return view


async def delete(session: AsyncSession, code: str, *, expected: int | None = None, actor: Actor) -> None:
    """Delete the view that the actor would get under this code."""
    view = await queries.lock_called(session, code, actor.id)
    if view is None:
        raise ViewNotFound(f"There is no view {code!r}.")
    check_version(expected, view.version)
    if view.shared:
        _may_share(actor)
    await session.delete(view)


async def rule_of(session: AsyncSession, code: str, *, actor: Actor) -> Rule:
    view = await get(session, code, actor=actor)
    try:
        return facts.choice(view.rule)
    except RuleError as error:
        detail = f"The rule of the view {code!r} makes no sense any more: {error.detail}"
        raise ViewBroken(detail, column=error.column) from error


def _check(rule: str) -> None:
    try:
        facts.choice(rule)
    except RuleError as error:
        raise RuleError(error.detail, column=error.column, pointer="/rule") from error


def _may_share(actor: Actor) -> None:
    if not actor.may(SUPERVISE):
        raise ScopeMissing(f"Shared views need the scope {SUPERVISE}.", scope=SUPERVISE)
