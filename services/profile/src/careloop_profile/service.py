import sys

from careloop_common.service import Service

from careloop_profile.interactions.command import RESTORE
from careloop_profile.linkage.command import TRAIN
from careloop_profile.main import create_app
from careloop_profile.settings import Settings
from careloop_profile.worker import create_worker

service = Service("profile", "careloop_profile", Settings, create_app, create_worker, (TRAIN, RESTORE))


def main() -> None:
    sys.exit(service.cli())
