from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Response

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.recalculation import queries, service
from careloop_ticketing.recalculation.errors import RecalculationNotFound, RecalculationUnderWay
from careloop_ticketing.recalculation.models import RecalculationRow
from careloop_ticketing.recalculation.schemas import (
    ApplyPolicy,
    EffectView,
    MovedClock,
    PreviewTerms,
    RecalculationView,
)
from careloop_ticketing.recalculation.service import Example
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.errors import InvalidPolicy, PolicyNotFound
from careloop_ticketing.sla.policy.following import NewTerms
from careloop_ticketing.tickets import queries as tickets

router = CareRouter(prefix="/v1/sla-recalculations", tags=["sla-recalculations"])
READ, CONFIGURE = needs("tickets:read"), needs("policies:write")


@router.post(
    "",
    status_code=202,
    response_model=RecalculationView,
    dependencies=[CONFIGURE],
    responses=problems(PolicyNotFound, InvalidPolicy, RecalculationUnderWay),
)
async def apply_policy(
    body: ApplyPolicy, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> RecalculationRow:
    """Have the clocks that run follow this version of the policy, in the background. What has stopped stays as it is."""
    row = await service.apply_policy(session, body.version, actor=actor, now=now)
    response.headers["location"] = f"/v1/sla-recalculations/{row.id}"
    return row


@router.post("/preview", dependencies=[CONFIGURE], responses=problems(InvalidPolicy, InvalidCalendar))
async def preview(body: PreviewTerms, session: SessionDep, now: NowDep) -> EffectView:
    """What a policy or a calendar would move in the open tickets, were it in force now. Nothing is changed."""
    terms = await _terms(body, session, now)
    ids = await tickets.newest_open(session, limit=body.tickets)
    effect = await service.preview(session, ids, terms, now)
    return EffectView(
        examined=effect.examined,
        moved=effect.moved,
        late=effect.late,
        examples=[_view(example) for example in effect.examples],
    )


async def _terms(body: PreviewTerms, session: SessionDep, now: NowDep) -> NewTerms:
    if body.policy:
        document = body.policy.model_dump(mode="json", exclude_none=True)
        return await sla.new_terms(session, await sla.checked(session, document))
    assert body.calendar is not None
    code, document = body.calendar.code, body.calendar.document.model_dump(mode="json", exclude_none=True)
    _, proposed, _ = await calendars.preview(session, code, document, [], now=now)
    await sla.check_calendar(session, code, proposed)
    terms = await sla.new_terms(session, None)
    return NewTerms({**terms.calendars, code: (0, proposed)})


def _view(example: Example) -> MovedClock:
    change = example.change
    return MovedClock(
        ticket_id=example.ticket.id,
        clock=change.clock,
        target_seconds_before=change.target_before.total_seconds(),
        target_seconds_after=change.target_after.total_seconds(),
        elapsed_seconds=change.elapsed.total_seconds(),
        due_before=change.due_before,
        due_after=change.due_after,
        late_by_change=change.late_by_change,
    )


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
