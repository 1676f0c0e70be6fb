"""The documents that are shipped with the service."""

from importlib.resources import files
from typing import Any

import yaml


def sla_policy() -> dict[str, Any]:
    return _document("sla/policy.yaml")


def rule_set() -> dict[str, Any]:
    return _document("classification/rules.yaml")


def routing() -> dict[str, Any]:
    return _document("dispatch/routing.yaml")


def calendars() -> dict[str, dict[str, Any]]:
    """Calendars by code."""
    return {code: _document(f"calendars/{code}.yaml") for code in ("always", "cn-business")}


def _document(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((files("careloop_ticketing") / path).read_text("utf-8"))
    return document
