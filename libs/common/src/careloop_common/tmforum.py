"""The error body of the TM Forum's Open APIs: addresses under `/tmf-api/` promise it instead of RFC 9457.

`problems.problem` asks this module, so that whatever refuses a request there (a route, the edge, the gateway) answers in
the form that clients of those interfaces read.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

PREFIX = "/tmf-api/"


class TmfError(BaseModel):
    """Body of every answer under `/tmf-api/` that is not a success."""

    code: str
    reason: str
    message: str | None = None
    status: str | None = None
    reference_error: str | None = Field(default=None, alias="referenceError")
    type_: str = Field(default="Error", alias="@type")


def applies(instance: str) -> bool:
    """Whether this address answers in the TM Forum's form."""
    return instance.startswith(PREFIX)


def status_of(status: int) -> int:
    """The interfaces know no 422: a request with wrong members is a bad one."""
    return HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_ENTITY else status


def body(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    reference: str,
    errors: Sequence[dict[str, str]] | None,
) -> dict[str, Any]:
    """The error; wrong members are named in its message, which is the only place for them."""
    named = "; ".join(f"{one['pointer'] or '/'}: {one['detail']}" for one in errors or ())
    return {
        "code": code,
        "reason": title,
        "message": f"{detail} {named}".strip() if named and named not in detail else detail,
        "status": str(status_of(status)),
        "referenceError": reference,
        "@type": "Error",
    }
