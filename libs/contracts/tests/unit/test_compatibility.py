"""The checker lets a schema grow and refuses everything else."""

import copy

import pytest
from careloop_contracts.compatibility import violations

OLD = {
    "type": "object",
    "$defs": {
        "Part": {
            "type": "object",
            "properties": {"size": {"type": "integer", "minimum": 0}, "hue": {"enum": ["red", "blue"]}},
            "required": ["size"],
        }
    },
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "state": {"type": "string", "enum": ["open", "done"]},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["id", "state"],
}


def changed(change):
    new = copy.deepcopy(OLD)
    change(new)
    return new


def test_the_same_schema_breaks_nothing():
    assert violations(OLD, copy.deepcopy(OLD)) == []


def test_a_new_optional_field_is_allowed():
    def change(schema):
        schema["properties"]["extra"] = {"type": "string"}
        schema["$defs"]["Part"]["properties"]["weight"] = {"type": "number"}

    assert violations(OLD, changed(change)) == []


def test_prose_may_change():
    def change(schema):
        schema["title"] = "Another"
        schema["properties"]["id"]["description"] = "Better words"

    assert violations(OLD, changed(change)) == []


def test_a_part_may_be_renamed():
    def change(schema):
        schema["$defs"]["Piece"] = schema["$defs"].pop("Part")
        schema["properties"]["parts"]["items"]["$ref"] = "#/$defs/Piece"

    assert violations(OLD, changed(change)) == []


def remove_field(schema):
    del schema["properties"]["note"]


def remove_nested_field(schema):
    del schema["$defs"]["Part"]["properties"]["hue"]


def narrow_type(schema):
    schema["properties"]["note"] = {"type": "string"}


def change_type(schema):
    schema["$defs"]["Part"]["properties"]["size"]["type"] = "string"


def widen_type(schema):
    schema["properties"]["id"] = {"anyOf": [schema["properties"]["id"], {"type": "null"}]}


def swap_alternative(schema):
    schema["properties"]["note"]["anyOf"][0] = {"type": "integer"}


def add_required_field(schema):
    schema["properties"]["extra"] = {"type": "string"}
    schema["required"].append("extra")


def require_old_field(schema):
    schema["required"].append("note")


def require_nested_field(schema):
    schema["$defs"]["Part"]["required"].append("hue")


def release_required_field(schema):
    schema["required"].remove("state")


def add_enum_value(schema):
    schema["properties"]["state"]["enum"].append("lost")


def remove_enum_value(schema):
    schema["$defs"]["Part"]["properties"]["hue"]["enum"].remove("red")


def open_enum(schema):
    del schema["properties"]["state"]["enum"]


def close_text(schema):
    schema["properties"]["id"]["enum"] = ["a"]


def add_constraint(schema):
    schema["$defs"]["Part"]["properties"]["size"]["maximum"] = 9


def change_format(schema):
    schema["properties"]["id"]["format"] = "date"


def change_default(schema):
    schema["properties"]["note"]["default"] = "none"


def change_map(schema):
    schema["properties"]["labels"]["additionalProperties"] = {"type": "integer"}


def list_to_value(schema):
    schema["properties"]["parts"] = {"type": "string"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (remove_field, "$.note: removed"),
        (remove_nested_field, "$.parts[].hue: removed"),
        (narrow_type, "$.note: 2 alternatives became none"),
        (change_type, "$.parts[].size: type changed from 'integer' to 'string'"),
        (widen_type, "$.id: no alternatives became 2"),
        (swap_alternative, "$.note|0: type changed from 'string' to 'integer'"),
        (add_required_field, "$.extra: new and required"),
        (require_old_field, "$.note: now required"),
        (require_nested_field, "$.parts[].hue: now required"),
        (release_required_field, "$.state: no longer required"),
        (add_enum_value, "$.state: new value 'lost'"),
        (remove_enum_value, "$.parts[].hue: value 'red' removed"),
        (open_enum, "$.state: is no longer a closed set"),
        (close_text, "$.id: became a closed set"),
        (add_constraint, "$.parts[].size: maximum changed from None to 9"),
        (change_format, "$.id: format changed from 'uuid' to 'date'"),
        (change_default, "$.note: default changed from None to 'none'"),
        (
            change_map,
            "$.labels: additionalProperties changed from {'type': 'string'} to {'type': 'integer'}",
        ),
        (list_to_value, "$.parts: items changed"),
    ],
)
def test_everything_else_is_refused(change, complaint):
    assert complaint in violations(OLD, changed(change))


def test_a_schema_that_contains_itself_is_compared_once():
    old = {"$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}}}}, "$ref": "#/$defs/Node"}
    new = copy.deepcopy(old)
    new["$defs"]["Node"]["properties"]["next"] = {"type": "string"}
    assert violations(old, copy.deepcopy(old)) == []
    assert violations(old, new) != []
