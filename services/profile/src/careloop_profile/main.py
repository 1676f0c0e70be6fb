from careloop_common.app import build_app
from careloop_common.runtime import Runtime
from fastapi import FastAPI

from careloop_profile.channels.api import router as channels
from careloop_profile.channels.catalogue import ChannelCatalogue
from careloop_profile.collection.api import router as collection
from careloop_profile.collection.letters_api import router as letters
from careloop_profile.collection.service.collecting import Collector
from careloop_profile.consents.api import router as consents
from careloop_profile.consents.registers_api import notices
from careloop_profile.consents.registers_api import router as registers
from careloop_profile.consents.wishes_api import router as wishes
from careloop_profile.customers.api import router as customers
from careloop_profile.customers.holdings_api import router as holdings
from careloop_profile.identity.api import router as identity
from careloop_profile.imports.api import mapping_router as mappings
from careloop_profile.imports.api import router as imports
from careloop_profile.interactions.api import router as interactions
from careloop_profile.interactions.archives_api import router as archives
from careloop_profile.interactions.service.desk import Desk
from careloop_profile.lifecycle.api import router as lifecycle
from careloop_profile.lifecycle.lists_api import router as person_lists
from careloop_profile.linkage.api import router as reviews
from careloop_profile.linkage.models_api import router as linkage_models
from careloop_profile.linkage.resolve_api import router as resolving
from careloop_profile.looking import evaluator
from careloop_profile.overview.api import router as overview
from careloop_profile.overview.paths_api import router as paths
from careloop_profile.parties.accounts_api import router as accounts
from careloop_profile.parties.anniversaries_api import router as anniversaries
from careloop_profile.parties.api import router as parties
from careloop_profile.parties.organizations_api import router as organizations
from careloop_profile.privacy.api import router as privacy
from careloop_profile.privacy.suppressions_api import router as suppressions
from careloop_profile.quality.api import router as quality
from careloop_profile.reconciliation.api import router as linkage_runs
from careloop_profile.settings import Settings
from careloop_profile.tags.api import router as tags
from careloop_profile.tags.definitions_api import router as tag_definitions


def create_app(runtime: Runtime[Settings]) -> FastAPI:
    routers = [channels, resolving, customers, holdings, consents, wishes, identity, linkage_models, reviews]
    routers += [linkage_runs, overview, paths, interactions, archives, collection, letters]
    routers += [imports, mappings, quality, notices, registers]
    routers += [parties, organizations, accounts, anniversaries, privacy, suppressions]
    routers += [tag_definitions, tags, lifecycle, person_lists]
    app = build_app(runtime, title="CareLoop profile", routers=routers)
    app.state.channels = ChannelCatalogue()
    app.state.desk = Desk(runtime, app.state.channels)
    app.state.evaluator = evaluator(runtime)
    app.state.collector = Collector(app.state.desk, runtime)
    return app
