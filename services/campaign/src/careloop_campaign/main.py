from careloop_common.app import build_app
from careloop_common.runtime import Runtime
from fastapi import FastAPI

from careloop_campaign.care.api import router as care
from careloop_campaign.contact.api import router as contact
from careloop_campaign.messages.api import router as messages
from careloop_campaign.settings import Settings
from careloop_campaign.unsubscribe.api import router as unsubscribe


def create_app(runtime: Runtime[Settings]) -> FastAPI:
    return build_app(runtime, title="CareLoop campaign", routers=[care, messages, contact, unsubscribe])
