from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.classification.schemas import RuleSet
from careloop_ticketing.summary.schemas import Ratio
from careloop_ticketing.vocabulary import Kind, Tier


class Labels(View):
    cause: Cause
    tier: Tier
    severity: Severity
    product: str | None
    emotion: Emotion | None
    """None in corrections from before there were emotions."""


class CorrectionView(View):
    """One example to learn from. Phone numbers, e-mail addresses and ID numbers are masked; names and addresses where they
    are known or read like one."""

    id: UUID
    ticket_id: UUID
    kind: Kind
    channel: str
    language: str
    subject: str
    description: str
    messages: list[str]
    """What the customer wrote after that, up to the correction."""
    suggested: Labels
    corrected: Labels
    rule_set: int | None
    """None where a person's correction was corrected."""
    rules: list[str]
    corrected_by: str
    corrected_at: datetime


class AgreementView(View):
    version: int
    corrected: dict[str, Ratio]
    """By attribute that the rule set suggests: the tickets of which people said otherwise in the end, of all that they
    resolved or corrected. Those that nobody came to are excluded."""


class PreviewRules(Body):
    rule_set: RuleSet
    tickets: Annotated[int, Field(ge=1, le=1000)] = 200
    """How many to look at, the newest first."""


class ChangedVerdict(View):
    ticket_id: UUID
    before: Labels
    after: Labels
    rules: list[str]
    """Those of the proposed rules that matched."""


class Closeness(View):
    """How many tickets' attributes are as people corrected them."""

    before: int
    after: int


class EffectView(View):
    """What the proposed rule set says otherwise than the active one, of the same texts."""

    examined: int
    changed: dict[str, int]
    """By attribute: tickets."""
    corrected: int
    """Tickets among them whose classification is a person's."""
    as_people_said: dict[str, Closeness]
    """By attribute, of those: under the active rule set, and under the proposed one."""
    examples: list[ChangedVerdict]
