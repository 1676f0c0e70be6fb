"""Every module of the platform, imported."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

PACKAGES = (
    "careloop_common",
    "careloop_profile",
    "careloop_ticketing",
    "careloop_campaign",
    "careloop_scoring",
    "careloop_gateway",
    "careloop_local",
)
# Migrations run on import, the test plugin belongs to pytest.
LEFT_OUT = frozenset({"migrations", "testing", "__main__"})


def modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not LEFT_OUT & set(found.name.split(".")):
                yield importlib.import_module(found.name)
