"""The API's documentation for people: Swagger UI from a package, so that nothing is loaded from elsewhere."""

from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from starlette.exceptions import HTTPException

router = APIRouter(prefix="/docs", include_in_schema=False)

_TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
_FROM_PACKAGE = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"})
_OURS = frozenset({"start.js"})
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'"
)


@router.get("")
async def page() -> Response:
    content = (files("careloop_gateway.pages") / "docs.html").read_bytes()
    return Response(content, media_type="text/html", headers={"content-security-policy": _POLICY})


@router.get("/{file}")
async def asset(file: Annotated[str, Path(max_length=64)]) -> Response:
    if file not in _FROM_PACKAGE | _OURS:
        raise HTTPException(404, "There is no such file.")
    media_type = _TYPES[file.rpartition(".")[2]]
    return Response(_content(file), media_type=media_type, headers={"cache-control": "max-age=3600"})


@cache
def _content(file: str) -> bytes:
    folder = files("careloop_gateway.pages") if file in _OURS else files("fastapi_offline") / "static"
    return (folder / file).read_bytes()
