"""The committed JSON Schemas: one file for each event type, as consumers outside this repository read them."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from careloop_contracts.event import Event

Schema = dict[str, Any]

BASE_URI = "https://careloop.dev/schemas/"


def file_name(event_type: str) -> str:
    """Return the file of a type: `careloop.score.changed.v1` is in `score.changed.v1.json`."""
    return f"{event_type.removeprefix('careloop.')}.json"


def committed() -> dict[str, Schema]:
    """Return the schemas in this package by event type."""
    found = {}
    for file in files(__name__).iterdir():
        if file.name.endswith(".json"):
            found[f"careloop.{file.name.removesuffix('.json')}"] = json.loads(
                file.read_text(encoding="utf-8")
            )
    return found


def directory() -> Path:
    """Return where the files are, for the generator that writes them."""
    return Path(__file__).parent


def derive(event_class: type[Event]) -> Schema:
    """Return the schema of what a producer of this build writes."""
    schema = event_class.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE_URI}{file_name(event_class.type)}",
        "x-event-type": event_class.type,
        "x-partition-key": event_class.event_key,
    }
    return head | schema
