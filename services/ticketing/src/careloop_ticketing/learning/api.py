from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant, Version
from careloop_common.web import CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Query

from careloop_ticketing.classification.errors import InvalidRuleSet, RuleSetNotFound
from careloop_ticketing.learning import schemas, service
from careloop_ticketing.learning.schemas import AgreementView, CorrectionView, EffectView, Labels
from careloop_ticketing.learning.service import Lesson
from careloop_ticketing.summary.schemas import Ratio

router = CareRouter(tags=["rule-sets"])


@router.get(
    "/v1/classification-corrections",
    dependencies=[needs("tickets:supervise")],
    responses=problems(InvalidCursor),
)
async def list_corrections(
    session: SessionDep,
    query: PageQuery,
    since: Annotated[Instant | None, Query(description="Corrections from this instant on.")] = None,
) -> Page[CorrectionView]:
    """Training data: what was suggested, what people made of it, and the text, oldest first."""
    lessons = await service.lessons(session, since=since, after=query.after(UUID), limit=query.limit + 1)
    return page(lessons, query.limit, key=lambda one: (one.correction.id,), view=_lesson)


def _lesson(lesson: Lesson) -> CorrectionView:
    correction, ticket = lesson.correction, lesson.ticket
    return CorrectionView(
        id=correction.id,
        ticket_id=ticket.id,
        kind=ticket.kind,
        channel=ticket.channel,
        language=ticket.language,
        subject=lesson.subject,
        description=lesson.description,
        messages=list(lesson.messages),
        suggested=Labels(
            cause=correction.suggested_cause,
            tier=correction.suggested_tier,
            severity=correction.suggested_severity,
            product=correction.suggested_product,
            emotion=correction.suggested_emotion,
        ),
        corrected=Labels.model_validate(correction),
        rule_set=correction.rule_set,
        rules=correction.rules,
        corrected_by=correction.corrected_by,
        corrected_at=correction.corrected_at,
    )


@router.get(
    "/v1/rule-sets/{version}/agreement",
    dependencies=[needs("tickets:read")],
    responses=problems(RuleSetNotFound),
)
async def get_agreement(version: Version, session: SessionDep) -> AgreementView:
    """How often people corrected what this rule set suggested, by attribute."""
    found = await service.agreement(session, version)
    ratios = {
        name: Ratio(
            numerator=changed,
            denominator=found.decided,
            excluded=found.undecided,
            ratio=changed / found.decided if found.decided else None,
        )
        for name, changed in found.changed.items()
    }
    return AgreementView(version=version, corrected=ratios)


@router.post(
    "/v1/rule-sets/preview", dependencies=[needs("policies:write")], responses=problems(InvalidRuleSet)
)
async def preview_rule_set(body: schemas.PreviewRules, session: SessionDep, now: NowDep) -> EffectView:
    """What a rule set would say of the newest tickets otherwise than the active one. Nothing is changed."""
    document = body.rule_set.model_dump(mode="json", exclude_none=True)
    effect = await service.preview(session, document, limit=body.tickets, now=now)
    return EffectView(
        examined=effect.examined,
        changed=dict(effect.changed),
        corrected=effect.corrected,
        as_people_said={
            name: schemas.Closeness(before=before, after=after)
            for name, (before, after) in effect.agreed.items()
        },
        examples=[
            schemas.ChangedVerdict(
                ticket_id=one.ticket.id,
                before=Labels.model_validate(one.before),
                after=Labels.model_validate(one.after),
                rules=list(one.after.rules),
            )
            for one in effect.examples
        ],
    )
