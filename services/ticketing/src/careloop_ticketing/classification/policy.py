"""The rules of a rule set and how they decide.

A rule matches when one of its phrases is in the text, not inside of one of those under `apart_from`, and none of those under
`unless` is anywhere. Each match adds its weight to its cause and to its product; the heaviest cause wins, and the
heaviest product unless two weigh the same: what a ticket is about is unclear then. Tier, severity and emotion are the
highest that any match asks for. Emotion is looked for outside of titles and short quotes, unless it is a matter of life
and death, and goes up by one in an emphatic text. Products are looked for outside of what a text says it is not about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Protocol, TypedDict, TypeVar

from careloop_ticketing.classification import phrases
from careloop_ticketing.classification.durations import longest_days
from careloop_ticketing.classification.emphasis import is_emphatic
from careloop_ticketing.classification.errors import InvalidRuleSet
from careloop_ticketing.classification.phrases import Index, Phrase
from careloop_ticketing.vocabulary import Rank, Tier

R = TypeVar("R", bound=Rank)
RULES: Final = "rules"
NOBODY: Final = "nobody"
"""Whose verdict it is until a person has read the text."""
ATTRIBUTES: Final = ("cause", "tier", "severity", "product", "emotion")


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


class Emotion(Rank):
    """情绪: in what state somebody writes."""

    CALM = "calm"
    """平静: asks, reports, thanks."""
    WORRIED = "worried"
    """焦急: in a hurry, anxious, at a loss."""
    DISSATISFIED = "dissatisfied"
    """不满: disappointed, has come again and again."""
    ANGRY = "angry"
    """愤怒: insults, threatens to leave or to go to the regulator, the press, the court."""
    EXTREME = "extreme"
    """极端: speaks of harming themselves or others."""


class Changes(TypedDict, total=False):
    """What a person says instead. What is not named stays as it was; a product of None is none of them."""

    cause: Cause
    tier: Tier
    severity: Severity
    product: str | None
    emotion: Emotion


@dataclass(frozen=True, slots=True)
class Verdict:
    cause: Cause
    tier: Tier
    severity: Severity
    product: str | None = None
    emotion: Emotion = Emotion.CALM
    by: str = RULES
    """What or who says so."""
    rule_set: int | None = None
    rules: tuple[str, ...] = ()
    """The rules that matched, in the order of the rule set."""
    because: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By attribute, those of the rules that decided it; a word in brackets where it was something else."""

    def corrected(self, changes: Changes, *, by: str) -> "Verdict":
        return replace(self, **changes, by=by, rule_set=None, rules=(), because={})

    def withheld(self, heard: "Verdict") -> "Verdict":
        """This one, of no text at all, in the place of what was heard in a text about which no rule may decide.

        Only what is a matter of life and death is heeded: who harms themselves is to be found at once.
        """
        at_risk = heard.emotion is Emotion.EXTREME
        emotion = heard.emotion if at_risk else self.emotion
        because = {"emotion": heard.because.get("emotion", ())} if at_risk else {}
        return replace(self, emotion=emotion, by=NOBODY, rule_set=None, rules=(), because=because)

    def lowered_by(self, other: "Verdict") -> list[str]:
        """Which of tier and severity the other one says to be less."""
        less = {
            "tier": other.tier.rank < self.tier.rank,
            "severity": other.severity.rank < self.severity.rank,
        }
        return [name for name, is_less in less.items() if is_less]

    @property
    def words(self) -> Mapping[str, str | None]:
        """What it says, by attribute."""
        return {name: getattr(self, name) for name in ATTRIBUTES}


class Classifier(Protocol):
    """Whatever suggests a classification: a rule set today, a model some day."""

    def classify(self, text: str, kind: str) -> Verdict:
        """Any text has a verdict, and the same one each time."""


@dataclass(frozen=True, slots=True)
class Product:
    """What a ticket can be about."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    apart_from: tuple[Phrase, ...]
    over_days: float
    cause: Cause | None
    tier: Tier
    severity: Severity | None
    product: str | None
    emotion: Emotion | None
    weight: int

    @property
    def heeds_names(self) -> bool:
        """Whether it is also looked for where a thing is named or somebody is quoted."""
        return self.emotion in {None, Emotion.EXTREME}

    def matches(self, text: str, possible: Iterable[Phrase], exceptions: Iterable[Phrase]) -> bool:
        """Whether it does, where no others than these of its phrases and exceptions can be in the text."""
        said = phrases.without(exceptions, text) if exceptions else text
        return any(phrase.is_in(said) for phrase in possible) and not any(
            phrase.is_in(text) for phrase in self.unless
        )


@dataclass(frozen=True, slots=True)
class RuleSet:
    version: int
    rules: tuple[Rule, ...]
    default_causes: Mapping[str, Cause]
    products: Mapping[str, Product]
    index: Index = field(compare=False, repr=False)
    exceptions: Index = field(compare=False, repr=False)
    reads_emotion: bool = field(compare=False, repr=False)
    """A rule set from before there were emotions finds everybody calm."""

    def classify(self, text: str, kind: str) -> Verdict:
        matched = self._matched(phrases.normalise(text))
        cause, product = _heaviest(matched, "cause"), _heaviest(matched, "product")
        tier = _highest((rule.tier for rule in matched), Tier.PRIMARY)
        asked = _highest((rule.severity for rule in matched), None)
        said = _highest((rule.emotion for rule in matched), Emotion.CALM)
        raised = self.reads_emotion and said.rank < Emotion.ANGRY.rank and is_emphatic(text)
        severity = asked or _SEVERITY_OF_TIER[tier]
        causes = cause or [self.default_causes.get(kind, Cause.SERVICE_QUALITY)]
        return Verdict(
            cause=causes[0],
            tier=tier,
            severity=severity,
            product=product[0] if len(product) == 1 else None,
            emotion=said.next() if raised else said,
            rule_set=self.version,
            rules=tuple(rule.id for rule in matched),
            because={
                "cause": _who(matched, "cause", causes[0]) or ["(kind)"],
                "tier": _who(matched, "tier", tier) if tier is not Tier.PRIMARY else [],
                "severity": _who(matched, "severity", severity) if asked else ["(tier)"],
                "product": [who for one in product for who in _who(matched, "product", one)],
                "emotion": _who(matched, "emotion", said) + (["(emphasis)"] if raised else []),
            },
        )

    def _matched(self, text: str) -> list[Rule]:
        pairs = phrases.pairs(text)
        possible, exceptions = self.index.possible(text, pairs), self.exceptions.possible(text, pairs)
        spoken = phrases.without_names(text) if self.reads_emotion else text
        denies = phrases.without_denied(text) != text
        days = None
        matched = []
        for number in sorted(possible):
            rule = self.rules[number]
            if rule.over_days:
                days = longest_days(text) if days is None else days
                if days <= rule.over_days:
                    continue
            heard = text if rule.heeds_names else spoken
            if denies and rule.product:
                heard = phrases.without_denied(heard)
            if rule.matches(heard, possible[number], exceptions.get(number, ())):
                matched.append(rule)
        return matched


_SEVERITY_OF_TIER = {
    Tier.PRIMARY: Severity.NORMAL,
    Tier.INTERMEDIATE: Severity.HIGH,
    Tier.ADVANCED: Severity.CRITICAL,
}


def _heaviest(rules: Sequence[Rule], attribute: str) -> list[Any]:
    """The heaviest of what the rules say of an attribute; several, if they weigh the same, in the order of the rules."""
    weights: dict[Any, int] = {}
    for rule in rules:
        if said := getattr(rule, attribute):
            weights[said] = weights.get(said, 0) + rule.weight
    most = max(weights.values(), default=0)
    return [said for said, weight in weights.items() if weight == most]


def _highest(ranks: Iterable[R | None], least: Any) -> Any:
    return max((rank for rank in ranks if rank), key=lambda rank: rank.rank, default=least)


def _who(rules: Sequence[Rule], attribute: str, said: Any) -> list[str]:
    return [rule.id for rule in rules if getattr(rule, attribute) == said]


def read(version: int, document: Mapping[str, Any]) -> RuleSet:
    rules = tuple(_rule(rule) for rule in document["rules"])
    if len({rule.id for rule in rules}) < len(rules):
        raise InvalidRuleSet("Two rules have the same id.", pointer="/rules")
    causes = {kind: Cause(cause) for kind, cause in document["default_causes"].items()}
    products = [Product(**product) for product in document.get("products") or ()]
    known = {product.code: product for product in products}
    if len(known) < len(products):
        raise InvalidRuleSet("Two products have the same code.", pointer="/products")
    for number, rule in enumerate(rules):
        if rule.product not in {None, *known}:
            detail = f"The products of this rule set do not include {rule.product!r}."
            raise InvalidRuleSet(detail, pointer=f"/rules/{number}/product")
    return RuleSet(
        version,
        rules,
        causes,
        known,
        index=phrases.index(rule.phrases for rule in rules),
        exceptions=phrases.index(rule.apart_from for rule in rules),
        reads_emotion=any(rule.emotion for rule in rules),
    )


def check(document: Mapping[str, Any]) -> None:
    """`InvalidRuleSet` if one of the rules would change nothing, whatever it finds."""
    for number, rule in enumerate(document["rules"]):
        if not any(rule.get(attribute) for attribute in ATTRIBUTES):
            names = ", ".join(ATTRIBUTES)
            raise InvalidRuleSet(f"It asks for none of {names}.", pointer=f"/rules/{number}")


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        id=rule["id"],
        phrases=_phrases(rule["phrases"]),
        unless=_phrases(rule.get("unless")),
        apart_from=_phrases(rule.get("apart_from")),
        over_days=rule.get("over_days") or 0,
        cause=Cause(rule["cause"]) if rule.get("cause") else None,
        tier=Tier(rule.get("tier") or Tier.PRIMARY),
        severity=Severity(rule["severity"]) if rule.get("severity") else None,
        product=rule.get("product"),
        emotion=Emotion(rule["emotion"]) if rule.get("emotion") else None,
        weight=rule.get("weight") or 1,
    )


def _phrases(written: Sequence[str] | None) -> tuple[Phrase, ...]:
    return tuple(phrases.read(phrase) for phrase in written or ())
