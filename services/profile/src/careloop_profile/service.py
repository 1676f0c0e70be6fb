import sys

from careloop_common.disclosures_command import VERIFY
from careloop_common.service import Service

from careloop_profile.interactions.command import RESTORE
from careloop_profile.linkage.command import TRAIN
from careloop_profile.main import create_app
from careloop_profile.privacy.command import SEAL_ANEW
from careloop_profile.settings import Settings
from careloop_profile.worker import create_worker

commands = (TRAIN, RESTORE, SEAL_ANEW, VERIFY)
service = Service("profile", "careloop_profile", Settings, create_app, create_worker, commands)


def main() -> None:
    sys.exit(service.cli())
