"""The rules of a rule set and how they decide.

A rule matches when one of its phrases is in the text (and none of those under `unless`). Each match adds its weight to
its cause; the heaviest cause wins. Tier and severity are the highest that any match asks for.

A phrase is literal: English at word borders, Chinese anywhere; `*` stands for up to twelve characters of the same clause.
There are no regular expressions for a rule to go wrong in: the time it takes grows with the text, whatever the phrase.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from careloop_ticketing.classification.durations import longest_days
from careloop_ticketing.classification.errors import InvalidRuleSet
from careloop_ticketing.vocabulary import Rank, Tier


class Cause(StrEnum):
    SERVICE_QUALITY = "service_quality"
    BUSINESS_HANDLING = "business_handling"
    INFORMATION_ASYMMETRY = "information_asymmetry"
    PRICE = "price"
    TECHNICAL_SUPPORT = "technical_support"


class Severity(Rank):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Verdict:
    cause: Cause
    tier: Tier
    severity: Severity
    rules: tuple[str, ...] = ()
    """The rules that matched, in the order of the rule set."""


@dataclass(frozen=True, slots=True)
class Phrase:
    needle: str
    """The longest word of the phrase: looking for it first makes a miss, the usual case, cheap."""
    parts: tuple[re.Pattern[str], ...]
    """What stands between the asterisks."""

    def is_in(self, text: str) -> bool:
        if self.needle not in text:
            return False
        ends = [end for _, end in _places(self.parts[0], text)]
        for part in self.parts[1:]:
            ends = sorted(end for start, end in _places(part, text) if _follows(start, ends, text))
        return bool(ends)


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    over_days: float
    cause: Cause | None
    tier: Tier
    severity: Severity | None
    weight: int

    def matches(self, text: str, days: float) -> bool:
        return (
            (not self.over_days or days > self.over_days)
            and any(phrase.is_in(text) for phrase in self.phrases)
            and not any(phrase.is_in(text) for phrase in self.unless)
        )


@dataclass(frozen=True, slots=True)
class RuleSet:
    version: int
    rules: tuple[Rule, ...]
    default_causes: Mapping[str, Cause]

    def classify(self, text: str, kind: str) -> Verdict:
        normal = normalise(text)
        days = longest_days(normal)
        matched = [rule for rule in self.rules if rule.matches(normal, days)]
        tier = max((rule.tier for rule in matched), key=lambda tier: tier.rank, default=Tier.PRIMARY)
        asked = [rule.severity for rule in matched if rule.severity]
        return Verdict(
            cause=_heaviest(matched) or self.default_causes.get(kind, Cause.SERVICE_QUALITY),
            tier=tier,
            severity=max(asked, key=lambda severity: severity.rank, default=_SEVERITY_OF_TIER[tier]),
            rules=tuple(rule.id for rule in matched),
        )


_SEVERITY_OF_TIER = {
    Tier.PRIMARY: Severity.NORMAL,
    Tier.INTERMEDIATE: Severity.HIGH,
    Tier.ADVANCED: Severity.CRITICAL,
}


def _heaviest(rules: Sequence[Rule]) -> Cause | None:
    weights: dict[Cause, int] = {}
    for rule in rules:
        if rule.cause:
            weights[rule.cause] = weights.get(rule.cause, 0) + rule.weight
    return max(weights, key=lambda cause: weights[cause]) if weights else None


def normalise(text: str) -> str:
    """Full-width to half-width, lower case, white space and apostrophes unified."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(folded.split())


def read(version: int, document: Mapping[str, Any]) -> RuleSet:
    rules = tuple(_rule(rule) for rule in document["rules"])
    if len({rule.id for rule in rules}) < len(rules):
        raise InvalidRuleSet("Two rules have the same id.", pointer="/rules")
    causes = {kind: Cause(cause) for kind, cause in document["default_causes"].items()}
    return RuleSet(version, rules, causes)


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        id=rule["id"],
        phrases=tuple(_phrase(phrase) for phrase in rule["phrases"]),
        unless=tuple(_phrase(phrase) for phrase in rule.get("unless") or ()),
        over_days=rule.get("over_days") or 0,
        cause=Cause(rule["cause"]) if rule.get("cause") else None,
        tier=Tier(rule.get("tier") or Tier.PRIMARY),
        severity=Severity(rule["severity"]) if rule.get("severity") else None,
        weight=rule.get("weight") or 1,
    )


_GAP = 12
_CLAUSE_END = re.compile("[,.!?;，。！？；、]")


def _places(part: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    """Where the part is found; places may overlap."""
    return [found.span(1) for found in part.finditer(text)]


def _follows(start: int, ends: Sequence[int], text: str) -> bool:
    """Whether one of the `ends`, in ascending order, is near before `start` and in the same clause: the last, if any."""
    before = bisect_right(ends, start) - 1
    return before >= 0 and start - ends[before] <= _GAP and not _CLAUSE_END.search(text, ends[before], start)


def _phrase(written: str) -> Phrase:
    phrase = normalise(written)
    words = phrase.replace("*", " ").split()
    if not words:
        raise InvalidRuleSet(f"The phrase {written!r} has no word in it.", pointer="/rules")
    parts = [re.escape(part).replace(r"\ ", r"[\s-]+") for part in phrase.split("*") if part.strip()]
    if _is_word(phrase[0]):
        parts[0] = r"(?<![a-z0-9])" + parts[0]
    if _is_word(phrase[-1]):
        parts[-1] += r"(?![a-z0-9])"
    return Phrase(max(words, key=len), tuple(re.compile(f"(?=({part}))") for part in parts))


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()
