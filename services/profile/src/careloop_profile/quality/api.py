from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common import subject_keys
from careloop_common.disclosure import disclosed
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Depends

from careloop_profile.cleansing import queries as issues
from careloop_profile.cleansing.policy import Action, FieldName, Issue
from careloop_profile.cleansing.service import RAW, SUGGESTION, VALUE
from careloop_profile.customers.api import SettingDep
from careloop_profile.customers.personal import MASKS
from careloop_profile.customers.schemas import Code
from careloop_profile.customers.views import PERSONAL
from careloop_profile.identifiers.errors import IdentifierRefused
from careloop_profile.quality import service
from careloop_profile.quality.errors import IssueDecided, IssueNotFound, NothingToAccept
from careloop_profile.quality.schemas import AcceptBody, IssueView, QualityReport, SourceQualityView, State

router = CareRouter(prefix="/v1", tags=["quality"])
READ, WRITE = "customers:read", "quality:write"


class Filters:
    def __init__(
        self,
        source: Code | None = None,
        field: FieldName | None = None,
        action: Action | None = None,
        state: State | None = None,
        customer_id: UUID | None = None,
    ) -> None:
        self.wanted = {
            "source": source,
            "field": field,
            "action": action,
            "state": state,
            "customer_id": customer_id,
        }


@router.get("/quality", dependencies=[needs(READ)])
async def report(session: SessionDep) -> QualityReport:
    """How complete, valid and unique the personal data of each source are, and how many customers are there twice."""
    sources = [SourceQualityView.model_validate(one) for one in await service.report(session)]
    return QualityReport(sources=sources)


@router.get("/quality-issues", dependencies=[needs(READ)])
async def list_issues(
    filters: Annotated[Filters, Depends()],
    query: PageQuery,
    session: SessionDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> Page[IssueView]:
    """What was repaired, and what somebody should look at, the newest first."""
    before = query.after(datetime, UUID)
    rows = await issues.page(session, filters.wanted, before=before, limit=query.limit + 1)
    await subject_keys.load(session, [issue.customer_id for issue in rows])
    return page(
        rows,
        query.limit,
        key=lambda issue: (issue.noted_at, issue.id),
        view=lambda issue: _view(issue, runtime.vault, actor),
    )


@router.post(
    "/quality-issues/{issue_id}/accept",
    dependencies=[needs(WRITE)],
    responses=problems(IssueNotFound, IssueDecided, NothingToAccept, IdentifierRefused),
)
async def accept(
    issue_id: UUID,
    body: AcceptBody,
    session: SessionDep,
    now: NowDep,
    setting: SettingDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> IssueView:
    """Give the customer what is suggested, or the value that somebody found out."""
    issue = await service.accept(
        session,
        runtime.vault,
        issue_id,
        body.value,
        setting=setting,
        now=now,
        actor=actor,
    )
    return _view(issue, runtime.vault, actor)


@router.post(
    "/quality-issues/{issue_id}/dismiss",
    dependencies=[needs(WRITE)],
    responses=problems(IssueNotFound, IssueDecided),
)
async def dismiss(
    issue_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> IssueView:
    """The value is right as it is, or nothing can be done about it."""
    return _view(await service.dismiss(session, issue_id, now=now, actor=actor), runtime.vault, actor)


def _view(issue: Issue, vault: Vault, actor: Actor) -> IssueView:
    masked = not actor.may(PERSONAL)
    key, mask = issue.customer_id, MASKS[issue.field]
    value = issue.value_sealed and vault.open(key, VALUE, issue.value_sealed)
    suggestion = issue.suggestion_sealed and vault.open(key, SUGGESTION, issue.suggestion_sealed)
    if not masked:
        disclosed(key, issue.field)
    shown = {name: getattr(issue, name) for name in IssueView.model_fields if hasattr(issue, name)}
    shown |= {
        "issue_id": issue.id,
        # What somebody wrote has no form that a mask could keep.
        "raw": None if masked else vault.open(key, RAW, issue.raw_sealed),
        "value": mask(value) if value and masked else value,
        "suggestion": mask(suggestion) if suggestion and masked else suggestion,
        "masked": masked,
    }
    return IssueView.model_validate(shown)
