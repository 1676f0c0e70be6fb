from typing import Annotated

from careloop_common.schemas import Body
from pydantic import Field, StringConstraints

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.documents import DocumentView
from careloop_ticketing.vocabulary import Tier

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
PhraseText = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Phrases = Annotated[list[PhraseText], Field(max_length=500)]
ProductCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ProductName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]


class Rule(Body):
    """Matches a text with one of the phrases in it, unless one of `unless` is; see the shipped set for examples."""

    id: RuleId
    phrases: Annotated[Phrases, Field(min_length=1)]
    unless: Phrases = Field(default_factory=list)
    apart_from: Phrases = Field(default_factory=list)
    """A phrase inside of one of these does not count; elsewhere in the same text it does."""
    over_days: Annotated[float, Field(gt=0, le=3650)] | None = None
    """Also ask for a duration in the text that is longer than this."""
    cause: Cause | None = None
    tier: Tier | None = None
    severity: Severity | None = None
    product: ProductCode | None = None
    emotion: Emotion | None = None
    weight: Annotated[int, Field(ge=1, le=100)] = 1


class Product(Body):
    """What a ticket can be about."""

    code: ProductCode
    zh: ProductName
    en: ProductName


class RuleSet(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    default_causes: dict[KindName, Cause] = Field(default_factory=dict, max_length=20)
    """The cause by kind of ticket, where no rule names one."""
    products: list[Product] = Field(default_factory=list, max_length=100)
    rules: Annotated[list[Rule], Field(min_length=1, max_length=500)]


class RuleSetView(DocumentView):
    document: RuleSet
