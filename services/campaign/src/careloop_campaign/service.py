from careloop_common.disclosures_command import VERIFY
from careloop_common.service import Service

from careloop_campaign.main import create_app
from careloop_campaign.settings import Settings
from careloop_campaign.worker import create_worker

service = Service(
    name="campaign",
    package="careloop_campaign",
    settings=Settings,
    create_app=create_app,
    create_worker=create_worker,
    commands=[VERIFY],
)


def main() -> int:
    return service.cli()
