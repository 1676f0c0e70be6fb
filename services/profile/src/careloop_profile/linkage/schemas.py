from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import AfterValidator, Field, StringConstraints

from careloop_profile.customers.schemas import Code, printable
from careloop_profile.identity.schemas import Reason
from careloop_profile.linkage.policy import Spelling

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Source = Annotated[
    str,
    StringConstraints(pattern=r"^(name|phone|email|region|language|attributes\.[a-z][a-z0-9_]{0,63})$"),
]
Part = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}(:-?[1-9]\d?)?$")]
Term = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Written = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""One line of text, of which a thousand come at once: read without any Python."""
Share = Annotated[float, Field(gt=0, le=1)]
Key = Annotated[list[Part], Field(min_length=1, max_length=6)]
State = Literal["open", "accepted", "rejected", "settled", "withdrawn"]
ReviewKind = Literal["join", "split"]


class ComparedField(Body):
    """A value of the customer, in one spelling."""

    name: Name
    source: Source
    spelling: Spelling


class LevelWeights(Body):
    """`m` is how often the level holds for one person, `u` how often for two."""

    when: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        examples=["jaro_winkler 0.92"]
    )
    m: Share
    u: Share


class FieldLevels(Body):
    """From the most alike to `else`; the first level that holds counts."""

    field: Name
    levels: list[LevelWeights] = Field(min_length=2, max_length=12)


class Frequencies(Body):
    """How common common values are, by keyed hash; all others count as `floor`."""

    floor: Share
    terms: dict[Term, Share] = Field(default={}, max_length=5_000)


class Training(Body):
    """What the model was learnt from."""

    customers: int = Field(ge=0)
    pairs: int = Field(ge=0)
    expected: int = Field(ge=0)
    """Pairs that are one person, as the model sees it."""
    splink: Annotated[str, StringConstraints(max_length=40)]


class LinkageModel(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(printable)]
    fields: list[ComparedField] = Field(min_length=1, max_length=30)
    keys: list[Key] = Field(min_length=1, max_length=30)
    comparisons: list[FieldLevels] = Field(min_length=1, max_length=30)
    frequencies: dict[Name, Frequencies] = Field(default={}, max_length=30)
    prior: float = Field(gt=0, lt=1)
    training: Training | None = None


class LinkageModelView(View):
    version: int
    name: str
    document: LinkageModel
    created_at: datetime
    created_by: str
    applied_at: datetime | None
    """Since when all customers have been compared by it."""


class LinkageModelSummary(View):
    version: int
    name: str
    created_at: datetime
    created_by: str
    applied_at: datetime | None


class PreviewModel(Body):
    document: LinkageModel
    customers: int = Field(default=200, ge=2, le=500)
    """How many to compare with those like them, the newest first."""


class Outcome(View):
    merge: int
    review: int


class ChangedPair(View):
    one: UUID
    other: UUID
    before: float | None
    """The probability by the active model; none if it does not bring the two together."""
    after: float | None


class PreviewView(View):
    compared: int
    """Customers."""
    active: Outcome
    proposed: Outcome
    changed: list[ChangedPair]
    """Pairs that would be treated otherwise, those that change most first."""


class Side(View):
    customer_id: UUID
    source: str
    external_id: str | None
    kind: str
    status: str
    joined_on: date | None
    left_on: date | None


class ReviewedField(View):
    """Both sides of a field, and what it says. `weight` is in bits: each doubles what speaks for one person."""

    field: str
    one: str | None
    other: str | None
    level: str | None
    weight: float
    explanation: str


class DrawnView(View):
    """What joined the two once."""

    method: str
    rule: str
    probability: float | None
    at: datetime


class BridgeView(View):
    """The customers on either side of a pair whose evidence alone holds them together."""

    parts: list[list[UUID]]
    drawn: list[DrawnView]


class MatchReviewView(View):
    review_id: UUID
    kind: ReviewKind
    """`join`: are these two persons one? `split`: is this one person two?"""
    state: State
    probability: float
    weight: float
    prior: float
    model_version: int
    one: Side
    other: Side
    fields: list[ReviewedField]
    masked: bool
    bridge: BridgeView | None
    run_id: UUID | None
    """The run over all customers that found it."""
    assignee: str | None
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class AssignReview(Body):
    assignee: (
        Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)] | None
    )


class DecideReview(Body):
    reason: Reason


class Band(View):
    least: float
    """The lowest probability of the band, which is a twentieth wide."""
    accepted: int
    rejected: int
    precision: float


class ReviewStatistics(View):
    open: int
    unassigned: int
    oldest_at: datetime | None
    accepted: int
    rejected: int
    precision: float | None
    """The share of questions to which people said yes."""
    bands: list[Band]


class SoughtAddress(Body):
    """In any spelling."""

    kind: Literal["phone", "email"]
    value: Written


class SoughtKey(Body):
    """The key of a source system."""

    kind: Literal["external"]
    source: Code
    value: Written


Sought = Annotated[SoughtAddress | SoughtKey, Field(discriminator="kind")]


class Resolve(Body):
    items: list[Sought] = Field(min_length=1, max_length=1_000)


class ResolvedView(View):
    outcome: Literal["person", "several", "nobody", "shared", "refused"]
    """`shared`: more have it than could be told apart. `refused`: nobody can be reached under it."""
    person_ids: list[UUID]
    customer_ids: list[UUID]


class ResolvedPage(View):
    items: list[ResolvedView]
    """In the order of what was sought."""
