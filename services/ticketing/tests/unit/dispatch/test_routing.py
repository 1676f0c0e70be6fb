from dataclasses import dataclass

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.dispatch.errors import InvalidRouting
from careloop_ticketing.dispatch.policy import routing
from careloop_ticketing.vocabulary import Kind, Level, Tier


@dataclass
class Ticket:
    kind: Kind = Kind.COMPLAINT
    channel: str = "app"
    language: str = "zh"
    region: str | None = "广东/深圳"
    vip: bool = False
    cause: Cause = Cause.PRICE
    tier: Tier = Tier.PRIMARY
    severity: Severity = Severity.NORMAL
    product: str | None = None
    emotion: Emotion = Emotion.CALM
    level: Level = Level.FRONT_LINE
    reopened_count: int = 0
    team: str | None = None
    team_pinned: bool = False
    released_by: str | None = None


def needs(rule, now, **ticket):
    return routing.read(1, {"rules": [{"name": "only", **rule}]}).needs_of(Ticket(**ticket), now)


@pytest.fixture(scope="module")
def shipped():
    return routing.read(1, defaults.routing())


@pytest.mark.parametrize(
    ("ticket", "rule"),
    [
        ({}, "standard"),
        ({"vip": True}, "vip"),
        ({"level": Level.EXPERT}, "standard"),
        ({"level": Level.REGIONAL_HEAD, "vip": True}, "management"),
    ],
)
def test_the_shipped_routing_has_a_rule_for_everything(shipped, noon, ticket, rule):
    assert shipped.needs_of(Ticket(**ticket), noon).rule == rule


def test_what_was_lifted_goes_to_the_head_of_its_region_whatever_team_it_came_from(shipped, noon):
    found = shipped.needs_of(Ticket(level=Level.REGIONAL_HEAD, team="billing", team_pinned=True), noon)
    assert (found.level, found.region, found.within_region) == (Level.REGIONAL_HEAD, "广东/深圳", True)
    assert (found.label, found.team) == ("billing", None)
    assert (found.green_lane, found.reserve) == (True, 2)


def test_the_first_rule_that_holds_decides_and_none_leaves_it_to_people(noon):
    rules = [{"name": "a", "when": "vip"}, {"name": "b", "when": 'channel == "app"'}]
    read = routing.read(1, {"rules": rules})
    assert read.needs_of(Ticket(vip=True), noon).rule == "a"
    assert read.needs_of(Ticket(), noon).rule == "b"
    assert read.needs_of(Ticket(channel="web"), noon) is None


def test_a_ticket_keeps_its_team_unless_the_rule_names_another(noon):
    kept = needs({}, noon, team="network")
    assert (kept.label, kept.team) == ("network", None)
    moved = needs({"team": "billing"}, noon, team="network")
    assert (moved.label, moved.team) == ("billing", "billing")


def test_a_team_that_a_person_chose_stays(noon):
    stays = needs({"team": "billing"}, noon, team="network", team_pinned=True)
    assert (stays.label, stays.team) == ("network", "network")


def test_a_rule_lifts_and_never_lowers(noon):
    assert needs({"level": "expert"}, noon).level is Level.EXPERT
    assert needs({"level": "expert"}, noon, level=Level.MANAGER).level is Level.MANAGER


def test_languages_and_regions_matter_as_the_rule_says(noon):
    assert (needs({}, noon).language, needs({"language": "any"}, noon).language) == ("zh", None)
    assert (needs({"region": "any"}, noon).region, needs({}, noon).within_region) == (None, False)


@pytest.mark.parametrize(
    ("rules", "pointer"),
    [
        ([{"name": "a", "when": "vip && !vip"}], "/rules/0/when"),
        ([{"name": "a", "when": "colour == 1"}], "/rules/0/when"),
        ([{"name": "a", "when": "vip"}, {"name": "a"}], "/rules/1/name"),
        ([{"name": "a"}, {"name": "b", "when": "vip"}], "/rules/1"),
        ([{"name": "a", "team": "nowhere"}], "/rules/0/team"),
        ([{"name": "a", "skill": "juggling"}], "/rules/0/skill"),
        ([{"name": "a", "certificate": 3}], "/rules/0/certificate"),
        ([{"name": "a", "level": "manager", "highest": "expert"}], "/rules/0/highest"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_and_named(rules, pointer):
    with pytest.raises(InvalidRouting) as refused:
        routing.read(0, {"rules": rules}, teams={"billing"}, skills={"fibre"})
    assert refused.value.pointer == pointer


MANAGERS = 'level == "manager"'


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ([{"when": "vip"}, {"when": "vip"}], "/rules/1"),
        ([{"when": "vip || !vip"}, {"when": "vip"}], "/rules/1"),
        ([{"when": "true"}, {}], "/rules/1"),
        ([{"when": "vip"}, {"when": "!vip"}, {}], "/rules/2"),
        ([{"when": MANAGERS, "highest": "front_line"}], "/rules/0/highest"),
        ([{"when": 'level == "front_line"'}, {"highest": "front_line"}], "/rules/1/highest"),
    ],
)
def test_a_rule_that_can_never_decide_cannot_be_put_in_force(rules, place):
    document = {"rules": [{"name": f"rule_{index}", **rule} for index, rule in enumerate(rules)]}
    with pytest.raises(InvalidRouting) as refused:
        routing.read(0, document, teams=(), skills=())
    assert refused.value.pointer == place
    routing.read(1, document)  # What is in force stays so.


def test_rules_that_something_is_left_for_can_be_put_in_force():
    routing.read(0, defaults.routing(), teams=(), skills=())
    rules = [{"when": 'region != "北京"'}, {"when": 'region == "北京"', "highest": "expert"}, {}]
    document = {"rules": [{"name": f"rule_{index}", **rule} for index, rule in enumerate(rules)]}
    assert len(routing.read(0, document, teams=(), skills=()).rules) == 3


def test_a_condition_that_no_ticket_meets_is_refused_before_it_is_in_force_only():
    document = {"rules": [{"name": "only", "when": "reopened < 0"}]}
    routing.read(1, document)
    with pytest.raises(InvalidRouting) as refused:
        routing.read(0, document, teams=())
    assert refused.value.pointer == "/rules/0/when"
