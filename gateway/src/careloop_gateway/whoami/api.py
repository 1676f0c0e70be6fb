from careloop_common.schemas import View
from careloop_common.web import ActorDep, CareRouter, needs

router = CareRouter(prefix="/v1/whoami", tags=["identity"])


class Identity(View):
    id: str
    kind: str
    name: str
    roles: list[str]
    scopes: list[str]


@router.get("", dependencies=[needs("self:read")])
async def whoami(actor: ActorDep) -> Identity:
    """Who the gateway takes the caller for, and what he may do."""
    return Identity(
        id=actor.id, kind=actor.kind, name=actor.name, roles=list(actor.roles), scopes=sorted(actor.scopes)
    )
