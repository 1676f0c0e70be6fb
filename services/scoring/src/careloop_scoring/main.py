from careloop_common.app import build_app
from careloop_common.runtime import Runtime
from fastapi import FastAPI

from careloop_scoring.registry import api as registry
from careloop_scoring.runs import api as runs
from careloop_scoring.scores import api as scores
from careloop_scoring.settings import Settings
from careloop_scoring.tiers import api as tiers


def create_app(runtime: Runtime[Settings]) -> FastAPI:
    routers = [runs.router, scores.router, registry.router, tiers.router]
    return build_app(runtime, title="CareLoop scoring", routers=routers)
