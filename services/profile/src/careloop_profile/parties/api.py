"""What customers are to each other."""

from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems

from careloop_profile.customers.errors import CustomerNotFound, DatesReversed
from careloop_profile.days import Today
from careloop_profile.parties.errors import (
    GuardianNeeded,
    LineInCircle,
    OtherKindOfCustomer,
    RelationDecided,
    RelationNotAllowed,
    RelationNotFound,
    RelationOverlaps,
    RelationToSelf,
)
from careloop_profile.parties.policy.relations import Claim, Relation
from careloop_profile.parties.queries import relations as queries
from careloop_profile.parties.schemas import (
    Day,
    EcosystemView,
    EndRelation,
    HouseholdView,
    RelationsView,
    RelationView,
    State,
    StateRelation,
    TenureView,
)
from careloop_profile.parties.service import holdings, households, persons, relating
from careloop_profile.parties.views import ecosystem_view, household_view, relation_view

router = CareRouter(prefix="/v1", tags=["parties"])
READ, WRITE = needs("customers:read"), needs("customers:write")


@router.post(
    "/relations",
    status_code=201,
    dependencies=[WRITE],
    responses=problems(
        CustomerNotFound,
        DatesReversed,
        GuardianNeeded,
        LineInCircle,
        RelationNotAllowed,
        RelationOverlaps,
        RelationToSelf,
    ),
)
async def relate(
    body: StateRelation, session: SessionDep, now: NowDep, today: Today, actor: ActorDep, runtime: RuntimeDep
) -> RelationView:
    """State what one customer is to another, as of a day."""
    facts = {
        name: getattr(body, name)
        for name in ("role", "title", "influence", "stance", "rapport", "preference")
    }
    claim = Claim(
        body.kind,
        body.from_id,
        body.to_id,
        body.valid_from or today,
        body.valid_to,
        body.organization_id,
        facts=facts,
        source=body.source,
        evidence=body.evidence,
    )
    row = await relating.relate(
        session, runtime.vault, claim, runtime.settings.minors_under, today=today, now=now, actor=actor
    )
    return relation_view(row)


@router.get("/relations", dependencies=[READ])
async def list_relations(
    query: PageQuery, session: SessionDep, state: State | None = None, kind: Relation | None = None
) -> Page[RelationView]:
    """All of them, the newest first; `state=proposed` is what somebody should decide."""
    rows = await queries.page(
        session, state=state, kind=kind, before=query.after(UUID), limit=query.limit + 1
    )
    return page(rows, query.limit, key=lambda row: (row.id,), view=relation_view)


@router.get("/relations/{relation_id}", dependencies=[READ], responses=problems(RelationNotFound))
async def get(relation_id: UUID, session: SessionDep) -> RelationView:
    return relation_view(await relating.get(session, relation_id))


_DECIDING = problems(RelationNotFound, RelationDecided)


@router.post("/relations/{relation_id}/confirm", dependencies=[WRITE], responses=_DECIDING)
async def confirm(relation_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep) -> RelationView:
    """It is as was proposed."""
    return relation_view(await relating.decide(session, relation_id, "confirmed", now=now, actor=actor))


@router.post("/relations/{relation_id}/dismiss", dependencies=[WRITE], responses=_DECIDING)
async def dismiss(relation_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep) -> RelationView:
    """It is not so; the same will not be proposed again."""
    return relation_view(await relating.decide(session, relation_id, "dismissed", now=now, actor=actor))


@router.post(
    "/relations/{relation_id}/end",
    dependencies=[WRITE],
    responses=problems(RelationNotFound, RelationDecided, DatesReversed),
)
async def end(
    relation_id: UUID, body: EndRelation, session: SessionDep, now: NowDep, today: Today, actor: ActorDep
) -> RelationView:
    """It is not so any more; ended on its first day, it never was."""
    row = await relating.end(session, relation_id, body.on or today, body.reason, now=now, actor=actor)
    return relation_view(row)


@router.get("/customers/{customer_id}/relations", dependencies=[READ], responses=problems(CustomerNotFound))
async def of_customer(
    customer_id: UUID, session: SessionDep, today: Today, on: Day | None = None, *, ever: bool = False
) -> RelationsView:
    """What a person is to others and others to it on a day, today without one; with `ever`, also what was."""
    rows = await relating.of_customer(session, customer_id, None if ever else on or today)
    people = await persons.persons(session, [customer_id])
    return RelationsView(person_id=people.of(customer_id), relations=[relation_view(row) for row in rows])


@router.get(
    "/households/{customer_id}",
    dependencies=[READ],
    responses=problems(CustomerNotFound, OtherKindOfCustomer),
)
async def household(
    customer_id: UUID, session: SessionDep, today: Today, actor: ActorDep, runtime: RuntimeDep
) -> HouseholdView:
    """A household with its members and their family, or the one around an individual."""
    under = runtime.settings.minors_under
    found = await households.household(session, runtime.vault, customer_id, today, under)
    return household_view(found, runtime.vault, actor)


@router.get("/customers/{customer_id}/tenure", dependencies=[READ], responses=problems(CustomerNotFound))
async def tenure(customer_id: UUID, session: SessionDep, today: Today) -> TenureView:
    """How long a person has been with us in all, whatever its numbers were and however often it came back."""
    return TenureView.model_validate(await holdings.tenure_of(session, customer_id, today))


@router.get("/customers/{customer_id}/ecosystem", dependencies=[READ], responses=problems(CustomerNotFound))
async def ecosystem(
    customer_id: UUID, session: SessionDep, today: Today, runtime: RuntimeDep
) -> EcosystemView:
    """Which kinds of products and devices a person uses, and when their warranties end."""
    most = runtime.settings.strategic_products
    return ecosystem_view(await holdings.equipment_of(session, customer_id, today, most), today)
