import sys

from careloop_common.service import Service

from careloop_gateway.main import create_app
from careloop_gateway.settings import Settings

service = Service("gateway", "careloop_gateway", Settings, create_app)


def main() -> None:
    sys.exit(service.cli())
