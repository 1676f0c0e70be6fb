"""Alert rules ask for metrics that there are."""

import re
from pathlib import Path

import pytest
import yaml
from careloop_ticketing import worker
from prometheus_client import REGISTRY

RULES = sorted((Path(__file__).parents[2] / "deploy" / "prometheus").glob("*.rules.yml"))


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_every_metric_of_a_rule_is_one_that_we_have(path):
    assert worker.create_worker
    known = {sample.name for metric in REGISTRY.collect() for sample in metric.samples}
    rules = [rule for group in yaml.safe_load(path.read_text("utf-8"))["groups"] for rule in group["rules"]]
    asked = {name for rule in rules for name in re.findall(r"\b[a-z]+_[a-z_]+\b", rule["expr"])}
    assert asked
    assert asked <= known
    assert all(rule["annotations"].keys() == {"summary", "description"} for rule in rules)
