"""Public routes: whoever holds a link from a message may use it. GET changes nothing, since mail scanners follow links."""

from functools import cache
from importlib.resources import files
from typing import Annotated
from urllib.parse import urlencode

import jinja2
from careloop_common.web import CareRouter, NowDep, RuntimeDep, SessionDep, problems
from fastapi import Query
from fastapi.responses import HTMLResponse

from careloop_campaign.unsubscribe import service
from careloop_campaign.unsubscribe.errors import UnsubscribeLinkInvalid

router = CareRouter(prefix=service.PATH, tags=["unsubscribe"])
Token = Annotated[str, Query(max_length=1024)]


@router.get("", response_class=HTMLResponse, responses=problems(UnsubscribeLinkInvalid))
async def show(token: Token, runtime: RuntimeDep) -> HTMLResponse:
    """A page with the two ways to unsubscribe."""
    service.verify(runtime.vault, token)
    topic, everything = (urlencode({"token": token, "extent": extent}) for extent in ("topic", "all"))
    return HTMLResponse(_page().render(done=False, topic=topic, all=everything))


@router.post("", response_class=HTMLResponse, responses=problems(UnsubscribeLinkInvalid))
async def unsubscribe(
    token: Token, session: SessionDep, now: NowDep, runtime: RuntimeDep, extent: service.Extent = "topic"
) -> HTMLResponse:
    """Unsubscribe at once, as RFC 8058 wants it: no cookie, no login, no redirect. The body is not needed."""
    ticket = service.verify(runtime.vault, token)
    await service.unsubscribe(session, ticket, extent, now)
    return HTMLResponse(_page().render(done=True))


@cache
def _page() -> jinja2.Template:
    source = (files("careloop_campaign.unsubscribe") / "page.html.j2").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
