"""A routing: rules that say what a ticket needs of whoever takes it. The first that holds decides.

Routings are versioned documents and never change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from careloop_common.rules import Catalogue

from careloop_ticketing.dispatch.errors import InvalidRouting
from careloop_ticketing.dispatch.policy.choosing import Needs
from careloop_ticketing.facts import CATALOGUE, Condition, always, condition, expect_met, never_reached
from careloop_ticketing.tickets.facts import Described, facts_of
from careloop_ticketing.vocabulary import Level


class Language(StrEnum):
    MATCH = "match"
    ANY = "any"


class Region(StrEnum):
    PREFER = "prefer"
    REQUIRE = "require"
    ANY = "any"


class Routable(Described, Protocol):
    """A ticket as far as routing looks at it."""

    team: str | None
    team_pinned: bool
    released_by: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    holds: Condition
    team: str | None
    beyond_team: bool
    skill: str | None
    certificate: int
    level: Level | None
    highest: Level | None
    language: Language
    region: Region
    green_lane: bool

    def needs(self, ticket: Routable, reserve: int) -> Needs:
        team = ticket.team if ticket.team_pinned else self.team
        return Needs(
            rule=self.name,
            level=ticket.level.at_least(self.level),
            highest=self.highest,
            label=team or ticket.team,
            team=None if self.beyond_team else team,
            skill=self.skill,
            certificate=self.certificate,
            language=ticket.language if self.language is Language.MATCH else None,
            region=ticket.region if self.region is not Region.ANY else None,
            within_region=self.region is Region.REQUIRE,
            green_lane=self.green_lane,
            reserve=reserve if self.green_lane else 0,
            but_not=ticket.released_by,
        )


@dataclass(frozen=True, slots=True)
class Routing:
    version: int
    reserve: int
    """How much more than their capacity people can have in hand by the green lane."""
    rules: tuple[Rule, ...]

    def needs_of(self, ticket: Routable, now: datetime) -> Needs | None:
        """None if no rule holds: such tickets are left to people."""
        facts = facts_of(ticket)
        for rule in self.rules:
            if rule.holds(facts, now):
                return rule.needs(ticket, self.reserve)
        return None


def read(
    version: int,
    document: Mapping[str, Any],
    *,
    teams: Collection[str] | None = None,
    skills: Collection[str] | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> Routing:
    """The routing that a document describes; `InvalidRouting` if a rule cannot work, with these teams and skills if given."""
    rules: list[Rule] = []
    for place, item in enumerate(document["rules"]):
        at = f"/rules/{place}"
        rule = _rule(item, at, catalogue)
        if rule.name in {earlier.name for earlier in rules}:
            raise InvalidRouting(f"Two rules are called {rule.name!r}.", pointer=f"{at}/name")
        if rules and rules[-1].holds is always:
            raise InvalidRouting(f"The rule {rules[-1].name!r} takes all that comes.", pointer=at)
        if teams is not None and rule.team is not None and rule.team not in teams:
            raise InvalidRouting(f"There is no team {rule.team!r}.", pointer=f"{at}/team")
        if skills is not None and rule.skill is not None and rule.skill not in skills:
            raise InvalidRouting(f"Nobody has a certificate in {rule.skill!r}.", pointer=f"{at}/skill")
        rules.append(rule)
    if teams is not None:
        for place, item in enumerate(document["rules"]):
            expect_met(item.get("when"), f"/rules/{place}/when", InvalidRouting, catalogue)
        _check_reached(document["rules"])
    return Routing(version, document.get("reserve", 0), tuple(rules))


def _check_reached(rules: Sequence[Mapping[str, Any]]) -> None:
    """`InvalidRouting` if no ticket comes to a rule, or only tickets of levels beyond its highest."""
    texts = [item.get("when") or "true" for item in rules]
    for place, item in enumerate(rules):
        before, text = texts[:place], texts[place]
        if never_reached([*before, text]):
            raise InvalidRouting(
                "The rules before it take all that meets its condition.", pointer=f"/rules/{place}"
            )
        highest = Level(item.get("highest") or Level.GROUP_COMMITTEE)
        beyond = [f'level == "{level}"' for level in Level if level.rank > highest.rank]
        if never_reached([*before, *beyond, text]):
            expected = "Whatever comes to it is of a level beyond its highest."
            raise InvalidRouting(expected, pointer=f"/rules/{place}/highest")


def _rule(item: Mapping[str, Any], at: str, catalogue: Catalogue) -> Rule:
    level, highest = (Level(item[name]) if item.get(name) else None for name in ("level", "highest"))
    if level and highest and highest.rank < level.rank:
        raise InvalidRouting("The highest level lies below the lowest.", pointer=f"{at}/highest")
    if item.get("certificate") and not item.get("skill"):
        raise InvalidRouting("A certificate is one in a skill.", pointer=f"{at}/certificate")
    return Rule(
        name=item["name"],
        holds=condition(item.get("when"), f"{at}/when", InvalidRouting, catalogue),
        team=item.get("team"),
        beyond_team=bool(item.get("beyond_team")),
        skill=item.get("skill"),
        certificate=item.get("certificate") or 1,
        level=level,
        highest=highest,
        language=Language(item.get("language", Language.MATCH)),
        region=Region(item.get("region", Region.PREFER)),
        green_lane=bool(item.get("green_lane")),
    )
