"""The stored form, and what is refused of it."""

import json

import pytest
from careloop_common.rules import RuleError, from_json, parse, to_json, to_text


def test_a_rule_as_a_document(catalogue):
    text = (
        'fee >= 24 && level in ["top"] && !vip && -age < 0.5'
        ' && now() - seen > duration("72h") && due < timestamp("2026-01-01T00:00:00Z")'
    )
    rule = parse(text, catalogue)
    document = to_json(rule)
    assert document["version"] == 1
    assert document["rule"]["args"][:5] == [
        {"op": ">=", "args": [{"attribute": "fee"}, {"value": 24}]},
        {"op": "in", "args": [{"attribute": "level"}, {"list": ["top"]}]},
        {"op": "!", "args": [{"attribute": "vip"}]},
        {"op": "<", "args": [{"op": "-", "args": [{"attribute": "age"}]}, {"value": 0.5}]},
        {
            "op": ">",
            "args": [
                {"op": "-", "args": [{"op": "now", "args": []}, {"attribute": "seen"}]},
                {"duration": "3d"},
            ],
        },
    ]
    assert from_json(json.loads(json.dumps(document)), catalogue) == rule


def deep(levels):
    node = {"attribute": "vip"}
    for _ in range(levels):
        node = {"op": "!", "args": [node]}
    return node


def endless():
    node = {"op": "!", "args": []}
    node["args"].append(node)
    return node


LESS = {"op": "<", "args": [{"attribute": "fee"}, {"value": 1}]}


@pytest.mark.parametrize(
    ("node", "pointer"),
    [
        (None, "/rule"),
        ([], "/rule"),
        ({}, "/rule"),
        ("vip", "/rule"),
        ({1: 2}, "/rule"),
        ({"attribute": "vip", "value": True}, "/rule"),
        ({"op": "!", "args": [deep(0)], "more": 1}, "/rule"),
        ({"op": "!"}, "/rule"),
        ({"op": ["!"], "args": []}, "/rule/op"),
        ({"op": "!", "args": {"0": deep(0)}}, "/rule/args"),
        ({"op": "!", "args": []}, "/rule"),
        ({"op": "&&", "args": [deep(0)]}, "/rule"),
        ({"op": "&&", "args": [deep(0), {"value": 1}]}, "/rule/args/1/value"),
        ({"op": "eval", "args": [deep(0)]}, "/rule"),
        ({"op": "__class__", "args": []}, "/rule"),
        ({"op": "timestamp", "args": [{"value": "2026-01-01T00:00:00Z"}]}, "/rule/op"),
        ({"op": "has", "args": [LESS]}, "/rule"),
        ({"attribute": "vipp"}, "/rule/attribute"),
        ({"attribute": 1}, "/rule/attribute"),
        ({"attribute": "x" * 10_000}, "/rule/attribute"),
        ({"attribute": "\ud800"}, "/rule/attribute"),
        ({"value": None}, "/rule/value"),
        ({"value": []}, "/rule/value"),
        ({"value": "a\0"}, "/rule/value"),
        ({"value": "\ud800"}, "/rule/value"),
        ({"value": "x" * 201}, "/rule/value"),
        ({"value": 1}, "/rule/value"),
        ({"op": "<", "args": [{"attribute": "fee"}, {"value": float("nan")}]}, "/rule/args/1/value"),
        ({"op": "<", "args": [{"attribute": "fee"}, {"value": float("inf")}]}, "/rule/args/1/value"),
        ({"op": "<", "args": [{"attribute": "fee"}, {"value": 10**400}]}, "/rule/args/1/value"),
        ({"op": "<", "args": [{"attribute": "fee"}, {"value": True}]}, "/rule/args/1/value"),
        ({"op": "<", "args": [{"attribute": "wait"}, {"duration": "1 day"}]}, "/rule/args/1/duration"),
        ({"op": "<", "args": [{"attribute": "wait"}, {"duration": 5}]}, "/rule/args/1/duration"),
        ({"op": "<", "args": [{"attribute": "seen"}, {"timestamp": "now"}]}, "/rule/args/1/timestamp"),
        ({"op": "in", "args": [{"attribute": "fee"}, {"list": 5}]}, "/rule/args/1/list"),
        ({"op": "in", "args": [{"attribute": "fee"}, {"list": []}]}, "/rule/args/1/list"),
        ({"op": "in", "args": [{"attribute": "fee"}, {"list": [1, "a"]}]}, "/rule/args/1/list/1"),
        ({"op": "in", "args": [{"attribute": "fee"}, {"list": [True]}]}, "/rule/args/1/list/0"),
        ({"op": "in", "args": [{"attribute": "fee"}, {"list": [1] * 101}]}, "/rule/args/1/list"),
        ({"op": "in", "args": [{"attribute": "level"}, {"list": ["top", "to"]}]}, "/rule/args/1/list/1"),
        (deep(12), "/rule" + "/args/0" * 12),
        (deep(50_000), "/rule" + "/args/0" * 12),
        (endless(), "/rule" + "/args/0" * 12),
        ({"op": "||", "args": [LESS] * 100}, "/rule/args/85"),
        (
            {"op": "||", "args": [{"op": "==", "args": [{"attribute": "name"}, {"value": "x" * 200}]}] * 50},
            "/rule",
        ),
    ],
)
def test_what_is_no_rule_is_refused_with_the_place(node, pointer, catalogue):
    with pytest.raises(RuleError) as caught:
        from_json({"version": 1, "rule": node}, catalogue)
    assert caught.value.pointer == pointer
    assert caught.value.column is None
    caught.value.detail.encode()


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (None, ""),
        ("vip", ""),
        ([1], ""),
        ({}, ""),
        ({"rule": {"attribute": "vip"}}, ""),
        ({"version": 2, "rule": {"attribute": "vip"}}, "/version"),
        ({"version": True, "rule": {"attribute": "vip"}}, "/version"),
        ({"version": [], "rule": {"attribute": "vip"}}, "/version"),
        ({"version": 1, "rule": {"attribute": "vip"}, "x": 1}, ""),
    ],
)
def test_the_envelope_is_strict(document, pointer, catalogue):
    with pytest.raises(RuleError) as caught:
        from_json(document, catalogue)
    assert caught.value.pointer == pointer


def test_a_document_may_say_the_same_in_other_words(catalogue):
    negative = {"op": "-", "args": [{"value": 5}]}
    document = {"version": 1, "rule": {"op": "<", "args": [negative, {"attribute": "fee"}]}}
    assert to_text(from_json(document, catalogue)) == "-5 < fee"
