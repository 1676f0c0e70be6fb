from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import Field

from careloop_profile.customers.schemas import Line
from careloop_profile.lifecycle.policy.stages import Stage
from careloop_profile.lifecycle.policy.terms import Terms
from careloop_profile.tags.schemas import RuleText

Days = Annotated[int, Field(ge=1, le=3_650)]
Share = Annotated[float, Field(ge=0, le=1)]


class LifecycleTerms(Body):
    """The thresholds; what is left out is as it comes with the platform."""

    onboarding_days: Days = 90
    silent_days: tuple[Days, Days, Days] = (30, 60, 90)
    left_after_days: Days = 180
    win_back_days: Days = 90
    trend: Share = 0.1
    open_complaints: Annotated[int, Field(ge=1, le=1_000)] = 2
    tier_shares: tuple[Share, Share, Share] = (0.01, 0.09, 0.3)
    tier_periods: Annotated[int, Field(ge=1, le=12)] = 2

    def terms(self) -> Terms:
        return Terms(**self.model_dump())


class PublishTerms(Body):
    terms: LifecycleTerms
    valid_from: Instant | None = None
    """From when on they hold; at once, if it is left out."""


class TermsView(View):
    version: int
    document: LifecycleTerms
    valid_from: datetime
    created_at: datetime
    created_by: str


class TermsInForce(View):
    version: int | None
    """None for those that come with the platform."""
    document: LifecycleTerms
    valid_from: datetime | None


class TransitionView(View):
    to: Stage
    of: list[Stage] | None
    """None is wherever the person is."""
    because: str


class TransitionsView(View):
    items: list[TransitionView]
    """In their order: the first that holds counts."""


class LifecycleView(View):
    person_id: UUID
    stage: Stage | None
    stage_since: datetime | None
    tier: str | None
    tier_due: str | None
    """What the tier becomes if the next months agree."""
    worth: float | None
    """In a month, when it was measured last."""


class MoveView(View):
    kind: str
    """`stage` or `tier`."""
    before: str | None
    after: str | None
    at: datetime
    because: str
    terms_version: int | None


class PutPersonList(Body):
    name: Line
    name_zh: Line
    rule: RuleText = Field(examples=['stage in ["silent_30", "silent_60"] && tier == "S"'])
    owner: Line


class PersonListView(View):
    code: str
    version: int
    name: str
    name_zh: str
    rule: str
    owner: str
    updated_at: datetime
    updated_by: str


class PersonListsView(View):
    items: list[PersonListView]


class CountedListView(PersonListView):
    persons: int
    """How many are on it now."""


class ListedPersonView(View):
    person_id: UUID
    kind: str | None
    status: str | None
    stage: Stage | None
    tier: str | None
    region: str | None
    last_seen_at: datetime | None
