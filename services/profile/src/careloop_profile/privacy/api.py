from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common import disclosure
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Query, Response

from careloop_profile.customers.errors import CustomerErased, CustomerNotFound
from careloop_profile.privacy import queries, service
from careloop_profile.privacy.errors import ErasureNotFound
from careloop_profile.privacy.schemas import (
    DisclosureView,
    ErasureView,
    ExportDocument,
    RequestErasure,
    VerificationView,
)
from careloop_profile.privacy.views import erasure_view, export_document

router = CareRouter(prefix="/v1", tags=["privacy"])
AUDIT, ERASE, EXPORT = "privacy:audit", "privacy:erase", "privacy:export"


@router.post(
    "/erasure-requests",
    status_code=202,
    dependencies=[needs(ERASE)],
    responses=problems(CustomerNotFound, CustomerErased),
)
async def request_erasure(
    body: RequestErasure,
    response: Response,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> ErasureView:
    """Forget a person. Its key is destroyed and its rows are deleted when the answer comes; the rest follows in seconds."""
    row = await service.request(session, runtime.vault, body.customer_id, body.reason, now=now, actor=actor)
    response.headers["location"] = f"/v1/erasure-requests/{row.id}"
    return erasure_view(row, [])


@router.get("/erasure-requests", dependencies=[needs(AUDIT)])
async def list_erasures(query: PageQuery, session: SessionDep) -> Page[ErasureView]:
    """Erasures, the newest first, without who has obeyed."""
    rows = await queries.page(session, before=query.after(datetime, UUID), limit=query.limit + 1)
    return page(
        rows,
        query.limit,
        key=lambda row: (row.requested_at, row.id),
        view=lambda row: erasure_view(row, []),
    )


@router.get(
    "/erasure-requests/{request_id}", dependencies=[needs(AUDIT)], responses=problems(ErasureNotFound)
)
async def get_erasure(request_id: UUID, session: SessionDep) -> ErasureView:
    """How far an erasure is, and its receipt."""
    return erasure_view(*await service.find(session, request_id))


@router.post(
    "/customers/{customer_id}/exports",
    status_code=201,
    dependencies=[needs(EXPORT)],
    responses=problems(CustomerNotFound),
)
async def export(
    customer_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> ExportDocument:
    """Everything that is kept here of a person, in clear, as one document. It is written down who had it made."""
    return export_document(await service.export(session, runtime.vault, customer_id, now=now, actor=actor))


@router.get("/disclosures", dependencies=[needs(AUDIT)])
async def list_disclosures(
    query: PageQuery, session: SessionDep, customer_id: Annotated[UUID | None, Query()] = None
) -> Page[DisclosureView]:
    """Who saw what of whom unmasked, the latest first; of one customer, or of all."""
    rows = await disclosure.page(
        session, customer_id, before=query.after(datetime, int), limit=query.limit + 1
    )
    return page(rows, query.limit, key=lambda row: (row.at, row.place), view=DisclosureView.model_validate)


@router.get("/disclosures/verification", dependencies=[needs(AUDIT)])
async def verify_disclosures(session: SessionDep) -> VerificationView:
    """Whether no entry was changed, taken away or added."""
    entries, broken = await disclosure.verify(session)
    return VerificationView(intact=not broken, entries=entries, broken=broken[:100])
