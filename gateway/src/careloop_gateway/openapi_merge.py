"""One OpenAPI document for the whole platform, from the documents of the services and the route table.

python -m careloop_gateway.openapi_merge        writes openapi.json; needs every service installed

The merged document is committed and shipped, since a gateway in production has no service beside it. Only what the route
table lets through is in it.
"""

import importlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from careloop_common import tmforum
from careloop_common.problems import MEDIA_TYPE

from careloop_gateway.routes import API, LOCAL, UPSTREAMS
from careloop_gateway.routing import Route

Document = dict[str, Any]
NAME = "openapi.json"
_REF = "#/components/schemas/"

ANSWERS: Mapping[int, str] = {
    400: "The request is not valid HTTP or JSON.",
    401: "No valid credentials came with the request.",
    403: "The caller lacks the scope that this needs.",
    404: "Nothing has this address.",
    405: "The address has other methods; see `Allow`.",
    408: "The body did not arrive in time.",
    413: "The body is larger than this route allows.",
    414: "Path and query are too long.",
    415: "The body is not of a media type that this route takes.",
    422: "Members or parameters are missing, unknown or wrong.",
    429: "The caller is over his rate; see `Retry-After`.",
    431: "The headers are too many or too large.",
    500: "An unexpected error.",
    502: "The service behind gave no complete answer.",
    503: "The service behind cannot be reached or has too much to do; see `Retry-After`.",
    504: "The request's time is used up.",
}
_BODY_ONLY = {408, 413, 415}
_CREDENTIALS_ONLY = {401, 403}


@cache
def load_document() -> Document:
    """The merged document that this gateway was shipped with."""
    document: Document = json.loads((files("careloop_gateway") / NAME).read_bytes())
    return document


def merge(documents: Mapping[str, Document]) -> Document:
    """One document from those of the services, by the name of the upstream."""
    documents = {name: _hoisted(document) for name, document in documents.items()}
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    renamed = {name: _take_schemas(schemas, name, document) for name, document in sorted(documents.items())}
    for route in sorted(API, key=lambda route: (route.path, route.method)):
        operation = _operation(route, documents[route.upstream], renamed[route.upstream])
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CareLoop",
            "version": "1",
            "description": "The public API of the platform. Every failure is a problem document (RFC 9457);"
            f" under `{tmforum.PREFIX}`, it is the TM Forum's error.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": _responses(),
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key `clk_…`, or an access token of the operator's identity provider.",
                },
            },
        },
    }


def _take_schemas(schemas: dict[str, Any], service: str, document: Document) -> dict[str, str]:
    """Add a service's schemas. One that means something else in another service gets the service's name in front.

    So does one that refers to such a schema, even if it reads the same: hence the loop.
    """
    own = document.get("components", {}).get("schemas", {})
    names: dict[str, str] = {}
    while clashing := {
        name: f"{service.capitalize()}{name}"
        for name, schema in own.items()
        if name not in names and name in schemas and schemas[name] != _rename(schema, names)
    }:
        names |= clashing
    for name, schema in own.items():
        schemas[names.get(name, name)] = _rename(schema, names)
    return names


def _hoisted(document: Document) -> Document:
    """The document with definitions that stand inside of schemas moved to where OpenAPI has them."""
    found: dict[str, Any] = {}

    def lift(value: Any) -> Any:
        if isinstance(value, list):
            return [lift(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$defs" in value:
            found.update(lift(value["$defs"]))
        rest = {key: lift(item) for key, item in value.items() if key != "$defs"}
        if isinstance(rest.get("$ref"), str):
            rest["$ref"] = rest["$ref"].replace("#/$defs/", _REF)
        return rest

    lifted: Document = lift(document)
    lifted.setdefault("components", {}).setdefault("schemas", {}).update(found)
    return lifted


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        found = {key: _rename(item, names) for key, item in value.items()}
        reference = found.get("$ref")
        if isinstance(reference, str) and (new := names.get(reference.removeprefix(_REF))):
            found["$ref"] = _REF + new
        return found
    return [_rename(item, names) for item in value] if isinstance(value, list) else value


def _operation(route: Route, document: Document, renamed: Mapping[str, str]) -> Document:
    operation: Document = _rename(document["paths"][route.path][route.method.lower()], renamed)
    public = route.scope is None
    operation["security"] = [] if public else [{"bearer": []}, {"apiKey": []}]
    given = operation.get("responses", {})
    for status, response in _stated(route, operation, public).items():
        stated = given.get(status)
        # A description of the service's own says more than ours.
        if stated is None or stated.get("description") in _PLAIN:
            given[status] = response
    operation["responses"] = dict(sorted(given.items()))
    return operation


_PLAIN = {"Bad Request", "Unauthorized", "Forbidden", "Content Too Large", "Request Entity Too Large"} | {
    "Unsupported Media Type",
    "Unprocessable Content",
    "Unprocessable Entity",
    "Internal Server Error",
    "Service Unavailable",
    "Gateway Timeout",
    "Validation Error",
}


def _stated(route: Route, operation: Document, public: bool) -> Document:
    left_out = set(_BODY_ONLY) if route.method in {"GET", "HEAD"} else set()
    left_out |= _CREDENTIALS_ONLY if public else set()
    if "422" not in operation.get("responses", {}):
        left_out.add(422)
    form = "TmfError" if tmforum.applies(route.path) else "Problem"
    return {
        str(status): {"$ref": f"#/components/responses/{form}{status}"}
        for status in ANSWERS
        if status not in left_out
    }


def _responses() -> Document:
    forms = {"Problem": MEDIA_TYPE, "TmfError": "application/json"}
    return {
        f"{form}{status}": {
            "description": text,
            "content": {media_type: {"schema": {"$ref": f"{_REF}{form}"}}},
        }
        for form, media_type in forms.items()
        for status, text in ANSWERS.items()
    }


def documents() -> dict[str, Document]:
    """What the services and the gateway say of themselves. Imported by name: no package here may know a service."""
    from careloop_common.runtime import Runtime  # noqa: PLC0415  (needed for generating only)
    from careloop_common.testing.access import Signer, data_keys  # noqa: PLC0415

    given = {
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "internal_public_key": Signer().public_pem,
        "data_keys": data_keys(),
    }
    found = {}
    for name in UPSTREAMS:
        service = importlib.import_module(f"careloop_{name}.service").service
        found[name] = service.create_app(Runtime(name, service.settings(**given))).openapi()
    main = importlib.import_module("careloop_gateway.main")
    settings = importlib.import_module("careloop_gateway.service").service.settings
    found[LOCAL] = main.own_app(Runtime(LOCAL, settings(**given, internal_private_key=""))).openapi()
    return found


def render(document: Document) -> str:
    """As it is committed: stable, and readable in a diff."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / NAME).write_text(render(merge(documents())), encoding="utf-8")
