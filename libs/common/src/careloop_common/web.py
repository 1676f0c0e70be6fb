"""The HTTP edge: one transaction per request, committed before the answer leaves.

router = CareRouter(prefix="/v1/tickets", tags=["tickets"])

@router.post("", status_code=201, dependencies=[needs("tickets:write")], responses=problems(CustomerUnknown))
async def open_ticket(body: OpenTicket, session: SessionDep, now: NowDep, actor: ActorDep) -> TicketView: ...
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends as DependsParam
from fastapi.params import Query as QueryParam
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import QueryParams

from careloop_common import clock, compressed, disclosure, idempotency, json_bodies
from careloop_common.errors import ScopeMissing, Unauthenticated, VersionMismatch
from careloop_common.problems import problems, standard_problems
from careloop_common.runtime import Runtime
from careloop_common.tokens import Actor

__all__ = [
    "INFLATED_KEY",
    "ActorDep",
    "CareRouter",
    "IfMatch",
    "NowDep",
    "RuntimeDep",
    "SessionDep",
    "etag",
    "needs",
    "problems",
    "streams",
    "with_secret",
]

SCOPE_KEY = "x-scope"
BODY_KEY = "x-body-bytes"
INFLATED_KEY = "x-inflated-bytes"
"""Largest body before compression, of routes that take compressed ones."""
TOLD_ONCE_KEY = "x-told-once"


def authenticate(request: Request) -> Actor:
    """The caller, from the gateway's internal token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("A bearer token is needed.")
    runtime: Runtime[Any] = request.app.state.runtime
    return runtime.tokens.verify(token, request.state.now)


def _refuse_unclear(given: QueryParams, known: frozenset[str]) -> None:
    """A misspelt filter must not silently answer with everything, nor two of a name with what the last one of them says."""
    counted = Counter(name for name, _ in given.multi_items())
    wrong = {name: "Given more than once" for name, count in counted.items() if count > 1}
    wrong |= dict.fromkeys(counted.keys() - known, "No such parameter")
    if wrong:
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("query", name), "msg": wrong[name]}
                for name in sorted(wrong)
            ]
        )


class TransactionalRoute(APIRoute):
    """A route whose handler runs in one transaction and, when the client sends an Idempotency-Key, only once.

    One that reads its body as a stream has to see itself to it that the same body does nothing twice: comparing it with
    an earlier one would mean to hold it.
    """

    @property
    def body_bytes(self) -> int | None:
        """Largest body, where the route reads it as a stream; `Edge` asks for it."""
        found: int | None = (self.openapi_extra or {}).get(BODY_KEY)
        return found

    @property
    def takes(self) -> tuple[str, ...]:
        """Media types of the body, where it is JSON that we read."""
        stated = (self.openapi_extra or {}).get("requestBody", {}).get("content", {})
        if json_bodies.JSON in stated:
            return tuple(stated)
        return (json_bodies.JSON,) if self.body_field is not None else ()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler: authenticate, check the scope, open the transaction, answer, commit."""
        handle = super().get_route_handler()
        extra = self.openapi_extra or {}
        scope, secret = extra.get(SCOPE_KEY), bool(extra.get(TOLD_ONCE_KEY))
        held, takes, inflated = self.body_bytes is None, self.takes, extra.get(INFLATED_KEY)
        fields = get_flat_params(self.dependant)
        parameters = frozenset(field.alias for field in fields if isinstance(field.field_info, QueryParam))

        async def edge(request: Request) -> Response:
            request.state.now = clock.now()
            if scope is not None:
                actor = request.state.actor = authenticate(request)
                if not actor.may(scope):
                    raise ScopeMissing(f"This needs the scope {scope}.", scope=scope)
            _refuse_unclear(request.query_params, parameters)
            if (takes or inflated) and (body := await request.body()):
                # Whoever reads the body from here on, reads it plain.
                body = request._body = compressed.plain(  # noqa: SLF001
                    request.headers.get("content-encoding", ""), body, most=inflated
                )
                if takes:
                    json_bodies.check(request.headers.get("content-type", ""), body, takes)
            runtime: Runtime[Any] = request.app.state.runtime
            async with runtime.database.transaction() as session, _shown_is_written_down(request, session):
                request.state.session = session
                if request.method != "POST" or not held or idempotency.HEADER not in request.headers:
                    return await handle(request)
                client = request.state.actor.id if scope is not None else ""
                return await idempotency.once(
                    session,
                    request,
                    client=client,
                    now=request.state.now,
                    answer=partial(handle, request),
                    secret=secret,
                )

        return edge


class CareRouter(APIRouter):
    """A router whose routes are transactional and declare the scope that `needs` demands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=TransactionalRoute, **options)

    def standard_answers(self, *, body: bool) -> dict[int | str, dict[str, Any]]:
        """What every route may answer besides its success."""
        return standard_problems(body=body)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route, with its scope in OpenAPI and every problem that it can answer documented."""
        scopes = [
            found
            for dep in options.get("dependencies") or ()
            if (found := getattr(dep.dependency, "scope", None))
        ]
        if len(scopes) > 1:
            raise ValueError(f"{path} needs more than one scope")
        extra = dict(options.get("openapi_extra") or {})
        if scopes:
            extra[SCOPE_KEY] = scopes[0]
        if options.get("methods") == ["POST"] and BODY_KEY not in extra:
            extra["parameters"] = [*extra.get("parameters", ()), idempotency.PARAMETER]
        options["openapi_extra"] = extra
        standard = self.standard_answers(body="GET" not in (options.get("methods") or ()))
        options["responses"] = {**standard, **(options.get("responses") or {})}
        super().add_api_route(path, endpoint, **options)


@asynccontextmanager
async def _shown_is_written_down(request: Request, session: AsyncSession) -> AsyncIterator[None]:
    """What the answer shows unmasked, and to whom, is written down with whatever else the request does."""
    with disclosure.collecting() as found:
        yield
    if found.subjects:
        actor: Actor = request.state.actor
        route = f"{request.method} {request.scope['route'].path}"
        await disclosure.record(
            session, found, actor_id=actor.id, actor_kind=actor.kind, route=route, now=request.state.now
        )


def needs(scope: str) -> DependsParam:
    """Demand that the caller holds `scope`; checked before the body is read."""

    async def demanded() -> None:
        """The route class has checked the scope: it needs to know it before it opens the transaction."""

    demanded.scope = scope  # type: ignore[attr-defined]
    return Depends(demanded)  # type: ignore[no-any-return]


def streams(most: int, media_type: str = "application/octet-stream") -> dict[str, Any]:
    """`openapi_extra=` of a route that reads its body as a stream, of up to `most` bytes; of any type, if not of one."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {BODY_KEY: most, "requestBody": {"required": True, "content": content}}


def with_secret() -> dict[str, Any]:
    """`openapi_extra=` of a route whose answer has a secret in it, which is not kept to be given again."""
    return {TOLD_ONCE_KEY: True}


async def _session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


async def _now(request: Request) -> datetime:
    now: datetime = request.state.now
    return now


async def _actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


async def _runtime(request: Request) -> Runtime[Any]:
    runtime: Runtime[Any] = request.app.state.runtime
    return runtime


async def _if_match(
    value: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The `ETag` of what is to be changed: if it has another by now, 412.",
        ),
    ] = None,
) -> int | None:
    if value is None or value.strip() == "*":
        return None
    digits = value.strip().removeprefix("W/").strip('"')
    if not digits.isdecimal() or len(digits) > 9:
        raise VersionMismatch(f"If-Match {value[:40]!r} is not an ETag of this API.")
    return int(digits)


SessionDep = Annotated[AsyncSession, Depends(_session)]
"""The request's transaction."""
NowDep = Annotated[datetime, Depends(_now)]
"""The instant at which the request came in."""
ActorDep = Annotated[Actor, Depends(_actor)]
"""The caller; only on routes with `needs`."""
RuntimeDep = Annotated[Runtime[Any], Depends(_runtime)]
IfMatch = Annotated[int | None, Depends(_if_match)]
"""The version that the client's If-Match names, if it sent one."""


def etag(response: Response, version: int) -> None:
    """Send `version` as the answer's ETag."""
    response.headers["etag"] = f'"{version}"'
