import msgspec
from careloop_common.web import CareRouter, RuntimeDep, SessionDep, needs
from fastapi import Response

from careloop_profile.linkage import service
from careloop_profile.linkage.schemas import Resolve, ResolvedPage
from careloop_profile.linkage.service import Wanted

router = CareRouter(prefix="/v1/customers", tags=["customers"])


@router.post("/resolve", response_model=ResolvedPage, dependencies=[needs("customers:read")])
async def resolve(body: Resolve, session: SessionDep, runtime: RuntimeDep) -> Response:
    """Who is meant by phone numbers, e-mail addresses and keys of source systems, up to 1,000 at once."""
    wanted = [Wanted(one.kind, one.value, getattr(one, "source", None)) for one in body.items]
    found = await service.resolve(session, runtime.vault, wanted, region=runtime.settings.phone_region)
    # A thousand answers are written as they are: making views of them takes longer than finding them.
    return Response(msgspec.json.encode({"items": found}), media_type="application/json")
