from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Response

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.recalculation import previewing, queries, service, views
from careloop_ticketing.recalculation.errors import RecalculationNotFound, RecalculationUnderWay
from careloop_ticketing.recalculation.models import RecalculationRow, SetAsideRow
from careloop_ticketing.recalculation.schemas import (
    ApplyPolicy,
    EffectView,
    PreviewTerms,
    RecalculationView,
    SetAsideView,
)
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.errors import InvalidPolicy, PolicyNotFound, PolicyNotInForce
from careloop_ticketing.sla.policy.following import NewTerms

router = CareRouter(prefix="/v1/sla-recalculations", tags=["sla-recalculations"])
READ, CONFIGURE = needs("tickets:read"), needs("policies:write")


@router.post(
    "",
    status_code=202,
    response_model=RecalculationView,
    dependencies=[CONFIGURE],
    responses=problems(PolicyNotFound, PolicyNotInForce, InvalidPolicy, RecalculationUnderWay),
)
async def apply_policy(
    body: ApplyPolicy, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> RecalculationRow:
    """Have what is open follow the active policy, in the background. What has stopped stays as it is.

    Clocks that the policy adds begin, counting from their moment; those that it does not have end.
    """
    row = await service.apply_policy(session, body.version, actor=actor, now=now)
    response.headers["location"] = f"/v1/sla-recalculations/{row.id}"
    return row


@router.post("/preview", dependencies=[CONFIGURE], responses=problems(InvalidPolicy, InvalidCalendar))
async def preview(body: PreviewTerms, session: SessionDep, now: NowDep) -> EffectView:
    """What a policy or a calendar would move, begin and end in the open tickets, were it in force. Nothing is changed."""
    terms = await _terms(body, session, now)
    return views.effect(await previewing.preview(session, terms, limit=body.tickets, now=now))


async def _terms(body: PreviewTerms, session: SessionDep, now: NowDep) -> NewTerms:
    if body.policy:
        document = body.policy.model_dump(mode="json", exclude_none=True)
        return await sla.new_terms(session, await sla.checked(session, document))
    assert body.calendar is not None
    code, document = body.calendar.code, body.calendar.document.model_dump(mode="json", exclude_none=True)
    _, proposed, _ = await calendars.preview(session, code, document, [], now=now)
    await sla.check_calendar(session, code, proposed)
    return await sla.terms_with(session, code, proposed)


@router.get("", response_model=Page[RecalculationView], dependencies=[READ])
async def list_recalculations(session: SessionDep, query: PageQuery) -> Page[RecalculationRow]:
    """Changes of terms and how far they are, newest first."""
    rows = await queries.newest(session, before=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.get(
    "/{recalculation_id}",
    response_model=RecalculationView,
    dependencies=[READ],
    responses=problems(RecalculationNotFound),
)
async def get_recalculation(recalculation_id: UUID, session: SessionDep) -> RecalculationRow:
    return await service.find(session, recalculation_id)


@router.get(
    "/{recalculation_id}/set-aside",
    response_model=Page[SetAsideView],
    dependencies=[READ],
    responses=problems(RecalculationNotFound, InvalidCursor),
)
async def list_set_aside(recalculation_id: UUID, session: SessionDep, query: PageQuery) -> Page[SetAsideRow]:
    """The tickets that did not follow, and why. They do with the next recalculation, once they are repaired."""
    await service.find(session, recalculation_id)
    rows = await queries.set_aside(session, recalculation_id, after=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.ticket_id,))
