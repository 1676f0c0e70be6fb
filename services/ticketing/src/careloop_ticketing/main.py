from careloop_common.app import build_app
from careloop_common.runtime import Runtime
from fastapi import FastAPI

from careloop_ticketing.calendars.api import router as calendars
from careloop_ticketing.classification.api import router as rule_sets
from careloop_ticketing.escalation.api import router as escalations
from careloop_ticketing.kpis.api import router as kpis
from careloop_ticketing.recalculation.api import router as recalculations
from careloop_ticketing.satisfaction.api import router as satisfaction
from careloop_ticketing.settings import Settings
from careloop_ticketing.sla.api import router as sla_policies
from careloop_ticketing.summary.api import router as summary
from careloop_ticketing.tickets.acts_api import router as acts
from careloop_ticketing.tickets.api import router as tickets


def create_app(runtime: Runtime[Settings]) -> FastAPI:
    routers = [
        tickets,
        acts,
        satisfaction,
        escalations,
        summary,
        kpis,
        sla_policies,
        recalculations,
        rule_sets,
        calendars,
    ]
    return build_app(runtime, title="CareLoop ticketing", routers=routers)
