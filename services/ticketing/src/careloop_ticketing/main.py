from careloop_common.app import build_app
from careloop_common.runtime import Runtime
from fastapi import FastAPI

from careloop_ticketing.attachments.api import router as attachments
from careloop_ticketing.bulk.api import router as bulk_jobs
from careloop_ticketing.calendars.api import router as calendars
from careloop_ticketing.classification.api import router as rule_sets
from careloop_ticketing.dispatch.api import router as dispatch
from careloop_ticketing.dispatch.day_api import router as my_day
from careloop_ticketing.dispatch.routing_api import router as routing_policies
from careloop_ticketing.drills.api import router as drills
from careloop_ticketing.escalation.api import router as escalations
from careloop_ticketing.escalation.desk_api import router as desk
from careloop_ticketing.exports.api import router as exports
from careloop_ticketing.history.api import router as history
from careloop_ticketing.incidents.api import router as incidents
from careloop_ticketing.kpis.api import router as kpis
from careloop_ticketing.learning.api import router as learning
from careloop_ticketing.mail.api import router as mail
from careloop_ticketing.medals.api import router as medals
from careloop_ticketing.medals.awards_api import router as medal_awards
from careloop_ticketing.notices.api import router as notices
from careloop_ticketing.notices.duty_api import router as duty_rosters
from careloop_ticketing.recalculation.api import router as recalculations
from careloop_ticketing.recalculation.importing_api import router as calendar_imports
from careloop_ticketing.satisfaction.api import router as satisfaction
from careloop_ticketing.saved_views.api import router as saved_views
from careloop_ticketing.settings import Settings
from careloop_ticketing.shares.api import router as shares
from careloop_ticketing.sla.api import router as sla_policies
from careloop_ticketing.sla.calendars_api import router as calendars_in_force
from careloop_ticketing.staff.api import router as agents
from careloop_ticketing.staff.teams_api import router as teams
from careloop_ticketing.summary.api import router as summary
from careloop_ticketing.tickets.acts_api import router as acts
from careloop_ticketing.tickets.api import router as tickets
from careloop_ticketing.tickets.links_api import router as links
from careloop_ticketing.tickets.lists_api import router as lists
from careloop_ticketing.tmf621.api import router as tmf621
from careloop_ticketing.tmf621.hub_api import router as hub
from careloop_ticketing.tmf621.operations_api import router as hub_subscriptions
from careloop_ticketing.tmf621.specifications_api import router as specifications
from careloop_ticketing.training.api import router as training


def create_app(runtime: Runtime[Settings]) -> FastAPI:
    routers = [
        lists,
        tickets,
        acts,
        links,
        attachments,
        mail,
        bulk_jobs,
        dispatch,
        my_day,
        agents,
        teams,
        training,
        drills,
        medals,
        medal_awards,
        routing_policies,
        incidents,
        exports,
        history,
        satisfaction,
        escalations,
        desk,
        notices,
        duty_rosters,
        summary,
        kpis,
        shares,
        sla_policies,
        recalculations,
        calendar_imports,
        rule_sets,
        learning,
        calendars_in_force,
        calendars,
        saved_views,
        tmf621,
        specifications,
        hub,
        hub_subscriptions,
    ]
    return build_app(runtime, title="CareLoop ticketing", routers=routers)
