from careloop_common.web import CareRouter, RuntimeDep, SessionDep, needs

from careloop_profile.linkage import service
from careloop_profile.linkage.schemas import Resolve, ResolvedPage, ResolvedView
from careloop_profile.linkage.service import Wanted

router = CareRouter(prefix="/v1/customers", tags=["customers"])


@router.post("/resolve", dependencies=[needs("customers:read")])
async def resolve(body: Resolve, session: SessionDep, runtime: RuntimeDep) -> ResolvedPage:
    """Who is meant by phone numbers, e-mail addresses and keys of source systems, up to 1,000 at once."""
    wanted = [Wanted(one.kind, one.value, one.source) for one in body.items]
    found = await service.resolve(session, runtime.vault, wanted, region=runtime.settings.phone_region)
    return ResolvedPage.model_construct(
        items=[
            ResolvedView.model_construct(
                outcome=one.outcome, person_ids=list(one.persons), customer_ids=list(one.customers)
            )
            for one in found
        ]
    )
