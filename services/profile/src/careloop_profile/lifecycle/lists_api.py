"""Lists of persons: rules under a name, and who is on them now."""

from typing import Annotated
from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Response

from careloop_profile.days import Here
from careloop_profile.lifecycle import queries
from careloop_profile.lifecycle.errors import InvalidPersonList, PersonListNotFound
from careloop_profile.lifecycle.models import PersonListRow
from careloop_profile.lifecycle.schemas import (
    CountedListView,
    ListedPersonView,
    PersonListsView,
    PersonListView,
    PutPersonList,
)
from careloop_profile.lifecycle.service import listing
from careloop_profile.tags.schemas import TagCode

router = CareRouter(prefix="/v1/person-lists", tags=["person lists"])
READ, WRITE = needs("lifecycle:read"), needs("lifecycle:write")
Code = Annotated[TagCode, Path()]


@router.get("", dependencies=[READ])
async def list_lists(session: SessionDep) -> PersonListsView:
    return PersonListsView.model_validate({"items": await queries.lists(session)})


@router.get("/{code}", dependencies=[READ], responses=problems(PersonListNotFound, InvalidPersonList))
async def get_list(code: Code, session: SessionDep, now: Here, response: Response) -> CountedListView:
    """A list, and how many are on it now."""
    row = await listing.find(session, code)
    persons = await queries.count(session, await listing.condition(session, code, now))
    etag(response, row.version)
    return CountedListView.model_validate({**row.model_dump(), "persons": persons})


@router.put(
    "/{code}",
    response_model=PersonListView,
    dependencies=[WRITE],
    responses=problems(InvalidPersonList, VersionMismatch),
)
async def put_list(
    code: Code,
    body: PutPersonList,
    expected: IfMatch,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    response: Response,
) -> PersonListRow:
    """Make a list, or replace what it says."""
    facts = body.model_dump()
    row = await listing.put(session, code, facts, expected_version=expected, now=now, actor=actor)
    etag(response, row.version)
    return row


@router.delete("/{code}", status_code=204, dependencies=[WRITE], responses=problems(PersonListNotFound))
async def delete_list(code: Code, session: SessionDep) -> None:
    await listing.remove(session, code)


@router.get("/{code}/members", dependencies=[READ], responses=problems(PersonListNotFound, InvalidPersonList))
async def list_members(
    code: Code, query: PageQuery, session: SessionDep, now: Here
) -> Page[ListedPersonView]:
    """The persons who are on the list now."""
    condition = await listing.condition(session, code, now)
    rows = await queries.members(session, condition, after=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.person_id,), view=ListedPersonView.model_validate)
