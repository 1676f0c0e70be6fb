"""Ticket specifications, which version 5 alone has."""

from typing import Annotated, Any

from careloop_common.web import NowDep, SessionDep, needs
from fastapi import Body, Depends, Query, Request, Response

from careloop_ticketing.tmf621 import parameters, queries
from careloop_ticketing.tmf621.errors import ParameterNotImplemented
from careloop_ticketing.tmf621.parameters import LARGEST, Fields, Limit, Offset, Unsupported, demand_json
from careloop_ticketing.tmf621.policy import faces
from careloop_ticketing.tmf621.policy.documents import SPECIFICATION
from careloop_ticketing.tmf621.policy.shapes import Many
from careloop_ticketing.tmf621.routing import FaceV5, TmfRouter, answers, takes
from careloop_ticketing.tmf621.service import specifying

router = TmfRouter(prefix="/tmf-api/troubleTicket/v5/troubleTicketSpecification", tags=["tmf621"])
READ, WRITE = needs("tickets:read"), needs("tickets:write")
Document = dict[str, Any]
_Text = Annotated[str | None, Query(max_length=2000, pattern=r"^[^\x00]*$")]


@router.get("", dependencies=[READ], responses=answers(Many(SPECIFICATION.part())))
async def list_specifications(
    session: SessionDep,
    face: FaceV5,
    response: Response,
    unsupported: Annotated[Unsupported, Depends()],
    fields: Fields = None,
    offset: Offset = 0,
    limit: Limit = 20,
    sort: Annotated[str | None, Query(description="Answered with 501.")] = None,
    name: _Text = None,
    lifecycle: Annotated[
        str | None, Query(alias="lifecycleStatus", max_length=2000, pattern=r"^[^\x00]*$")
    ] = None,
    version: _Text = None,
) -> list[Document]:
    """Specifications, newest first."""
    unsupported.refuse()
    if sort is not None:
        raise ParameterNotImplemented("Specifications cannot be sorted.")
    given = {"name": name, "lifecycleStatus": lifecycle, "version": version}
    values = {key: value for key, value in given.items() if value is not None}
    rows, total = await queries.specifications(session, values, offset=offset, limit=min(limit, LARGEST))
    response.headers["x-total-count"], response.headers["x-result-count"] = str(total), str(len(rows))
    return [faces.selected(specifying.view(row, face), fields) for row in rows]


@router.post(
    "",
    status_code=201,
    dependencies=[WRITE, Depends(demand_json)],
    responses=answers(SPECIFICATION, 201),
    openapi_extra=takes(SPECIFICATION),
)
async def create_specification(
    body: Annotated[Document, Body()],
    session: SessionDep,
    face: FaceV5,
    now: NowDep,
    response: Response,
    fields: Fields = None,
) -> Document:
    row = specifying.create(session, body, now)
    response.headers["location"] = face.href(faces.SPECIFICATION, row.id)
    return faces.selected(specifying.view(row, face), fields)


@router.get("/{specification_id}", dependencies=[READ], responses=answers(SPECIFICATION.part()))
async def get_specification(
    specification_id: str, session: SessionDep, face: FaceV5, fields: Fields = None
) -> Document:
    row = await specifying.get(session, specification_id)
    return faces.selected(specifying.view(row, face), fields)


@router.patch(
    "/{specification_id}",
    dependencies=[WRITE],
    responses=answers(SPECIFICATION.part()),
    openapi_extra=takes(SPECIFICATION.part(), "application/merge-patch+json"),
)
async def patch_specification(
    specification_id: str,
    request: Request,
    body: Annotated[Any, Body()],
    session: SessionDep,
    face: FaceV5,
    now: NowDep,
    fields: Fields = None,
) -> Document:
    """Change a specification by a merge patch or a JSON Patch."""
    patch = parameters.patch_of(request, body, version=5)
    row = await specifying.get(session, specification_id, lock=True)
    specifying.change(row, face, patch(specifying.view(row, face)), now)
    return faces.selected(specifying.view(row, face), fields)


@router.delete("/{specification_id}", status_code=204, dependencies=[WRITE])
async def delete_specification(specification_id: str, session: SessionDep) -> None:
    """Specifications may vanish: tickets that refer to one keep what they said of it."""
    await session.delete(await specifying.get(session, specification_id, lock=True))
