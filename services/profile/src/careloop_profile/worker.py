from pathlib import Path

from careloop_common.jobs import Job
from careloop_common.messaging import key_exchange
from careloop_common.runtime import Runtime
from careloop_common.timers import alone
from careloop_common.worker import Worker

from careloop_profile.collection import handlers as collection
from careloop_profile.consents import handlers as consents
from careloop_profile.identity import handlers as identity
from careloop_profile.imports import handlers as imports
from careloop_profile.imports.service.running import Importer
from careloop_profile.imports.service.uploading import TIMER, forget_abandoned
from careloop_profile.interactions import handlers as interactions
from careloop_profile.interactions import jobs as keeping
from careloop_profile.interactions import partitions
from careloop_profile.lifecycle import handlers as lifecycle
from careloop_profile.linkage import handlers as linkage
from careloop_profile.looking import evaluator
from careloop_profile.parties import handlers as parties
from careloop_profile.parties.service.anniversaries import TIMER as ANNIVERSARIES
from careloop_profile.parties.service.anniversaries import Teller
from careloop_profile.privacy import handlers as privacy
from careloop_profile.privacy import jobs as retention
from careloop_profile.privacy.service import TIMER as ERASURE
from careloop_profile.privacy.service import Sweeper
from careloop_profile.reconciliation import handlers as reconciliation
from careloop_profile.settings import Settings
from careloop_profile.tags import handlers as tags
from careloop_profile.tags.service.judging import TIMER as TAGS


def create_worker(runtime: Runtime[Settings]) -> Worker:
    looking = evaluator(runtime)
    return Worker(
        runtime,
        subscriptions=[
            *interactions.subscriptions(),
            *collection.subscriptions(runtime),
            *consents.subscriptions(),
            *identity.subscriptions(runtime.vault),
            *linkage.subscriptions(runtime.vault),
            *parties.subscriptions(runtime),
            *imports.subscriptions(),
            *tags.subscriptions(looking),
            *privacy.subscriptions(runtime),
        ],
        timers={
            **consents.timers(),
            TIMER: alone(_importer(runtime).on_due),
            TAGS: tags.timer(looking),
            ERASURE: alone(_sweeper(runtime).on_due),
            ANNIVERSARIES: Teller(runtime.vault, runtime.settings.anniversary_days).on_due,
        },
        jobs=[
            Job("interaction partitions", 3600, partitions.keep_ahead),
            Job("interaction archive", 3600, keeping.archive),
            Job("interactions of nobody", 3600, keeping.forget_unresolved),
            Job("refused messages", 3600, keeping.forget_letters),
            Job("do-not-disturb registers", 2, consents.tell, exclusive=False),
            Job("linkage model", 30, linkage.apply),
            Job("match reviews", 30, linkage.tell, exclusive=False),
            *reconciliation.jobs(runtime),
            Job("abandoned imports", 3600, forget_abandoned),
            Job("minors who wait for guardians", 600, imports.try_minors_again),
            Job("customers who left", 3600, retention.forget_left),
            Job("old archives", 3600, retention.forget_archives),
            Job("old histories", 3600, retention.trim_histories),
            Job("give out keys", 3600, key_exchange.answer, exclusive=False),
            Job("anniversaries", 3600, parties.plan_anniversaries),
            *tags.jobs(looking),
            *lifecycle.jobs(looking),
        ],
    )


def _importer(runtime: Runtime[Settings]) -> Importer:
    settings = runtime.settings
    return Importer(runtime.vault, settings.timezone, settings.minors_under)


def _sweeper(runtime: Runtime[Settings]) -> Sweeper:
    settings = runtime.settings
    return Sweeper(runtime.vault, Path(settings.archive_directory), settings.erasure_services)
