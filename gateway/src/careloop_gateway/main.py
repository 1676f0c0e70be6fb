from careloop_common.app import build_app
from careloop_common.runtime import Runtime
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from careloop_gateway.data_path import DataPath
from careloop_gateway.front import Front
from careloop_gateway.keys.api import router as keys
from careloop_gateway.openapi_merge import load_document
from careloop_gateway.pages.api import router as pages
from careloop_gateway.pages.preflights import router as preflights
from careloop_gateway.settings import Settings
from careloop_gateway.view.api import router as view
from careloop_gateway.whoami.api import router as whoami


def own_app(runtime: Runtime[Settings]) -> FastAPI:
    """The gateway's own routes, without what stands before them."""
    # Keys that are known go on working without the database: a gateway that lost it is still of use.
    return build_app(
        runtime, title="CareLoop gateway", routers=[keys, whoami, view, pages, preflights], required=()
    )


def create_app(runtime: Runtime[Settings]) -> ASGIApp:
    """The data path is the outermost layer: what it does not let through never gets to FastAPI.

    Except for proxies of our own in front, if there are any: they say who calls.
    """
    own = own_app(runtime)
    front = own.state.front = Front(runtime)
    own.openapi = load_document  # type: ignore[method-assign]
    path = DataPath(own, policies=front.policies, proxy=front.proxy)
    if not (proxies := runtime.settings.trusted_proxies):
        return path
    return ProxyHeadersMiddleware(path, [str(network) for network in proxies])  # type: ignore[arg-type, return-value]
