"""`docs/operations/settings.md` from the settings classes."""

import inspect
import re
import textwrap
from collections.abc import Iterable
from typing import Any

from careloop_common.settings import ServiceSettings
from pydantic_settings import BaseSettings

from careloop_local.docs import packages

HEAD = """\
# Settings

Each process reads its settings from the environment, under its own prefix: `TICKETING_PORT`, `GATEWAY_PORT` and so on. A
malformed setting ends the process at once with its name. Secrets may be given as `file:/path`. `make demo` and `make up` set all of
this themselves. This page is made by `make docs`, and a contract test compares it with the code.
"""


def collect() -> list[type[BaseSettings]]:
    """The settings class of each process; what a class inherits is described with its parent."""
    found: dict[str, type[BaseSettings]] = {}
    for module in packages.modules():
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, BaseSettings)
                and value.__module__ == module.__name__
            ):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return [
        found[name] for name in sorted(found, key=lambda name: (found[name] is not ServiceSettings, name))
    ]


def render(classes: Iterable[type[BaseSettings]]) -> str:
    parts = [HEAD]
    for settings in classes:
        prefix = str(settings.model_config.get("env_prefix") or "")
        heading = f"## `{prefix}…`" if prefix else "## Every service, under its prefix"
        rows = [_row(settings, name, prefix) for name in _own(settings)]
        parts.append(heading + "\n")
        if issubclass(settings, ServiceSettings) and settings is not ServiceSettings:
            parts.append(
                "Besides what every service has:\n" if rows else "Nothing besides what every service has.\n"
            )
        if rows:
            parts += ["| variable | default | meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def _own(settings: type[BaseSettings]) -> list[str]:
    """Fields that the class adds or changes; without our base class, all of them."""
    if settings is ServiceSettings or not issubclass(settings, ServiceSettings):
        return list(settings.model_fields)
    return [name for name in settings.model_fields if name in vars(settings).get("__annotations__", {})]


def _row(settings: type[BaseSettings], name: str, prefix: str) -> str:
    field = settings.model_fields[name]
    meaning = field.description or _docstrings(settings).get(name, "")
    return f"| `{(prefix + name).upper()}` | {_default(field)} | {meaning.replace('|', '&#124;')} |"


def _default(field: Any) -> str:
    if field.default_factory is not None:
        return "made at start"
    if field.is_required():
        return "required"
    return "none" if field.default in (None, ()) else f"`{field.default}`"


def _docstrings(settings: type[BaseSettings]) -> dict[str, str]:
    """The string below a field says what it is for."""
    source = textwrap.dedent(inspect.getsource(settings))
    found = re.findall(r'^    (\w+):[^\n]*\n    """(.+?)"""', source, re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}
