"""The catalogue of tags: what there is, what another rule would do, and putting it in force."""

from typing import Annotated

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Path, Query, Response

from careloop_profile.days import Here
from careloop_profile.tags.errors import InvalidTag, TagDecided, TagInUse, TagNotFound, TagSwitching
from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import Kind, State
from careloop_profile.tags.queries import definitions
from careloop_profile.tags.schemas import (
    PreviewTag,
    ProposeTag,
    TagCode,
    TagDefinitionView,
    TagPreviewView,
    TagVersionsView,
    VocabularyView,
)
from careloop_profile.tags.service import publishing, registry
from careloop_profile.tags.service.drafting import Proposal
from careloop_profile.tags.service.previewing import preview as preview_content
from careloop_profile.tags.service.publishing import summary
from careloop_profile.tags.views import vocabulary_view

router = CareRouter(prefix="/v1/tag-definitions", tags=["tag definitions"])
READ, WRITE = needs("tags:read"), needs("tags:write")
Code = Annotated[TagCode, Path()]


@router.get("", dependencies=[READ])
async def list_definitions(
    query: PageQuery,
    session: SessionDep,
    state: State = State.ACTIVE,
    pack: TagCode | None = None,
    category: TagCode | None = None,
    kind: Kind | None = None,
    q: Annotated[str | None, Query(min_length=1, max_length=80, pattern=r"^[^\x00]*$")] = None,
) -> Page[TagDefinitionView]:
    """The tags by their codes; `q` is a part of the code or of a name in either language."""
    wanted = {"state": state, "pack": pack, "category": category, "kind": kind}
    rows = await definitions.listed(
        session, wanted, named=q, after=query.after(str, int), limit=query.limit + 1
    )
    return page(rows, query.limit, key=lambda row: (row.code, row.version), view=_view)


@router.get("/vocabulary", dependencies=[READ])
async def vocabulary(session: SessionDep) -> VocabularyView:
    """What rules may speak of."""
    return vocabulary_view((await registry.current(session)).catalogue)


@router.post("", status_code=201, dependencies=[WRITE], responses=problems(InvalidTag))
async def propose(
    body: ProposeTag, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> TagDefinitionView:
    """Propose a new tag, or a new version of one. Nobody has it before it is published."""
    facts = body.model_dump(exclude={"kind", "value_type", "rule", "cases", "of", "values"})
    row = await publishing.propose(session, Proposal(**facts, content=body.content()), now=now, actor=actor)
    response.headers["location"] = f"/v1/tag-definitions/{row.code}"
    return _view(row)


@router.post("/preview", dependencies=[WRITE], responses=problems(InvalidTag))
async def preview(body: PreviewTag, session: SessionDep, now: Here) -> TagPreviewView:
    """How many persons would have it, and how many would gain or lose it. Nothing is changed."""
    found = await preview_content(session, body.content(), body.code, now=now)
    return TagPreviewView.model_validate(found, from_attributes=True)


@router.get("/{code}", dependencies=[READ], responses=problems(TagNotFound))
async def get_versions(code: Code, session: SessionDep) -> TagVersionsView:
    """All versions of a tag."""
    return TagVersionsView(items=[_view(row) for row in await publishing.versions_of(session, code)])


@router.post(
    "/{code}/versions/{version}/publish",
    dependencies=[WRITE],
    responses=problems(TagNotFound, TagDecided, TagInUse, InvalidTag),
)
async def publish(
    code: Code, version: Version, session: SessionDep, now: NowDep, actor: ActorDep
) -> TagDefinitionView:
    """Ask everybody in the background, then put the version in force for all at once. Until then the version before is."""
    return _view(await publishing.publish(session, code, version, now=now, actor=actor))


@router.post("/{code}/retire", dependencies=[WRITE], responses=problems(TagNotFound, TagInUse, TagSwitching))
async def retire(code: Code, session: SessionDep, now: NowDep, actor: ActorDep) -> TagDefinitionView:
    """Nobody has the tag any more."""
    return _view(await publishing.retire(session, code, now=now, actor=actor))


def _view(row: DefinitionRow) -> TagDefinitionView:
    return TagDefinitionView.model_validate(summary(row))
