"""What the page on dispatch says is what the service takes."""

import re
from pathlib import Path

import yaml
from careloop_ticketing.dispatch.policy import routing
from careloop_ticketing.dispatch.policy.choosing import Obstacle
from careloop_ticketing.dispatch.schemas import RoutingPolicy

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "dispatch.md").read_text("utf-8")


def test_the_routing_of_the_page_is_one():
    (written,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    body = RoutingPolicy.model_validate(yaml.safe_load(written))
    document = body.model_dump(mode="json", exclude_none=True)
    read = routing.read(1, document, teams={"network"}, skills={"fibre"})
    assert [rule.name for rule in read.rules] == ["management", "vip", "fibre", "standard"]


def test_the_page_names_every_obstacle():
    assert all(f"`{obstacle}`" in PAGE for obstacle in Obstacle)
