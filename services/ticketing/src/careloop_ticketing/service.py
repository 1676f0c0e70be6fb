import sys

from careloop_common.service import Command, Service

from careloop_ticketing.history import command as history
from careloop_ticketing.main import create_app
from careloop_ticketing.settings import Settings
from careloop_ticketing.worker import create_worker

VERIFY = Command(
    "verify-history",
    "whether any history was changed; exit status 1 if so",
    history.verify_history,
    history.arguments,
)
service = Service("ticketing", "careloop_ticketing", Settings, create_app, create_worker, [VERIFY])


def main() -> None:
    sys.exit(service.cli())
