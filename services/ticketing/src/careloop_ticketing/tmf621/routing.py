"""Routers of the interface: as ours, but what they answer besides their success is the TM Forum's error."""

from typing import Annotated, Any

from careloop_common.tmforum import TmfError
from careloop_common.web import CareRouter, RuntimeDep
from fastapi import Depends

from careloop_ticketing.tmf621.policy import shapes
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.shapes import Shape

_ERROR: dict[str, Any] = {"model": TmfError}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {**_ERROR, "description": "Parameters or attributes are unknown, missing or wrong."},
    401: {**_ERROR, "description": "No valid credentials came with the request."},
    403: {**_ERROR, "description": "The caller lacks the scope that this needs."},
    404: {**_ERROR, "description": "There is no such resource."},
    405: {**_ERROR, "description": "The address has other methods."},
    409: {**_ERROR, "description": "The state of the resource does not allow it."},
    500: {**_ERROR, "description": "Internal Server Error"},
    501: {**_ERROR, "description": "The interface has this, and this implementation does not."},
    503: {**_ERROR, "description": "Service Unavailable"},
    "default": {**_ERROR, "description": "Any other failure."},
}
_OF_BODIES: dict[int | str, dict[str, Any]] = {
    413: {**_ERROR, "description": "Content Too Large"},
    415: {**_ERROR, "description": "The media type of the body is none that this takes."},
}

_IF_VERSIONED: dict[int | str, dict[str, Any]] = {
    412: {**_ERROR, "description": "If-Match names another version than the stored one."}
}


class TmfRouter(CareRouter):
    """A router under `/tmf-api/troubleTicket/`."""

    def standard_answers(self, *, body: bool) -> dict[int | str, dict[str, Any]]:
        return {**_ANSWERS, **(_OF_BODIES if body else {})}


def face_of(version: int) -> Any:
    """The face of a version as a dependency: under the public address that the settings state."""

    async def face(runtime: RuntimeDep) -> Face:
        return Face(version, runtime.settings.public_url)

    return Depends(face)


FaceV4 = Annotated[Face, face_of(4)]
FaceV5 = Annotated[Face, face_of(5)]


def answers(shape: Shape, status: int = 200, *, versioned: bool = False) -> dict[int | str, dict[str, Any]]:
    """`responses=` of an operation that answers with a resource; `versioned` if it heeds If-Match."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"content": {"application/json": {"schema": shapes.schema(shape)}}}
    }
    return {**found, **(_IF_VERSIONED if versioned else {})}


def takes(shape: Shape, *media_types: str) -> dict[str, Any]:
    """`openapi_extra=` of an operation whose body has this shape."""
    schema = {"schema": shapes.schema(shape)}
    return {"requestBody": {"content": dict.fromkeys(("application/json", *media_types), schema)}}
