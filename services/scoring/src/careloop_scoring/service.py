import sys

from careloop_common.service import Service

from careloop_scoring.main import create_app
from careloop_scoring.settings import Settings
from careloop_scoring.worker import create_worker

service = Service(
    name="scoring",
    package="careloop_scoring",
    settings=Settings,
    create_app=create_app,
    create_worker=create_worker,
)


def main() -> None:
    sys.exit(service.cli())
