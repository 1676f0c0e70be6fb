import sys

from careloop_common.service import Service

from careloop_ticketing.main import create_app
from careloop_ticketing.settings import Settings
from careloop_ticketing.worker import create_worker

service = Service("ticketing", "careloop_ticketing", Settings, create_app, create_worker)


def main() -> None:
    sys.exit(service.cli())
