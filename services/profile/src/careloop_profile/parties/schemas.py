from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from careloop_profile.customers.schemas import Code, Line, Term, printable
from careloop_profile.customers.views import DeviceView
from careloop_profile.parties.policy.anniversaries import Anniversary
from careloop_profile.parties.policy.relations import Relation, Role, Stance

State = Literal["proposed", "confirmed", "dismissed"]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]
"""It is kept for good, so it is no place for personal data."""


class StateRelation(Body):
    """What `from_id` is to `to_id`; without `valid_from`, from today on."""

    kind: Relation
    from_id: UUID
    to_id: UUID
    organization_id: UUID | None = None
    """Where somebody reports to somebody, or influences them."""
    role: Role | None = None
    title: Term | None = None
    influence: Annotated[int, Field(ge=-5, le=5, strict=True)] | None = None
    stance: Stance | None = None
    rapport: Annotated[int, Field(ge=0, le=5, strict=True)] | None = None
    """How well we know a contact."""
    preference: Term | None = Field(default=None, examples=["private 5G network"])
    """Which technology a contact wants."""
    source: Code = "careloop"
    evidence: Reason | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


class EndRelation(Body):
    """The first day on which it is not so any more; without it, today."""

    on: Day | None = None
    reason: Reason


class RelationView(View):
    relation_id: UUID
    kind: Relation
    from_id: UUID
    to_id: UUID
    organization_id: UUID | None
    account_id: UUID | None
    subscription_id: UUID | None
    role: Role | None
    title: str | None
    influence: int | None
    stance: Stance | None
    rapport: int | None
    preference: str | None
    source: str
    evidence: str | None
    valid_from: date
    valid_to: date | None
    state: State
    created_at: datetime
    created_by: str
    decided_at: datetime | None
    decided_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


class RelationsView(View):
    person_id: UUID
    relations: list[RelationView]


class AccountItem(Body):
    """Whom the account pays for; without a subscription, for all that they have."""

    customer_id: UUID
    subscription_id: UUID | None = None
    valid_from: Day | None = None


class OpenAccount(Body):
    payer_id: UUID
    family: StrictBool = False
    """A family plan: the individuals on it are family of the payer."""
    source: Code = "careloop"
    external_id: Line | None = Field(default=None, description="The account's key in `source`.")
    opened_on: Day | None = None
    items: list[AccountItem] = Field(default=[], max_length=100)


class AccountSummary(View):
    account_id: UUID
    payer_id: UUID
    family: bool
    source: str
    external_id: str | None
    opened_on: date
    closed_on: date | None


class AccountView(AccountSummary):
    items: list[RelationView]


class PersonName(View):
    """Masked unless the caller may see personal data."""

    person_id: UUID
    name: str | None


class ResidentView(PersonName):
    roles: list[Role]
    proposed: bool
    """Only proposed as family of one of the others."""
    minor: bool
    guardians: list[UUID]
    guardian_needed: bool


class HouseholdView(View):
    household_ids: list[UUID]
    head: UUID | None
    payers: list[UUID]
    members: list[ResidentView]
    masked: bool


class MemberView(PersonName):
    """`level` is the place in the formal line, 0 at its top; none beside it."""

    titles: list[str]
    roles: list[Role]
    stance: Stance | None
    preferences: list[str]
    rapport: int | None
    superior_id: UUID | None
    level: int | None
    reports: int


class InfluenceView(View):
    from_id: UUID
    to_id: UUID
    influence: int
    stance: Stance | None


class OrganizationView(View):
    organization_id: UUID
    people: int
    contacts: list[MemberView]
    owners: list[PersonName]
    owned: list[PersonName]
    accounts: list[AccountSummary]
    masked: bool


class DecisionMapView(View):
    """Who reports to whom, who influences whom, who decides and who blocks."""

    organization_id: UUID
    on: date
    people: int
    """Also of the levels that are not shown."""
    deciders: list[UUID]
    blockers: list[UUID]
    champions: list[UUID]
    members: list[MemberView]
    influences: list[InfluenceView]
    masked: bool


class StepView(View):
    from_id: UUID
    to_id: UUID
    strength: float
    why: str


class PathView(View):
    start: PersonName
    end: PersonName
    rapport: int | None
    strength: float
    """The product of its steps and of how well we know whom it starts with."""
    steps: list[StepView]
    people: list[PersonName]
    explanation: str


class InfluencePathView(View):
    """`path` is null when there is none within so many steps from anybody we know."""

    organization_id: UUID
    goals: list[PersonName]
    path: PathView | None
    masked: bool


class AnniversaryView(PersonName):
    """Of a birthday the day is told to all, and how old somebody becomes to who may see personal data."""

    kind: Anniversary
    on: date
    customer_id: UUID
    subject_id: UUID
    """The subscription or the device; else the customer."""
    product: str | None
    years: int | None
    masked: bool


class SpanView(View):
    since: date
    until: date | None
    """The first day after it."""


class TenureView(View):
    days: int
    years: int
    since: date | None
    active: bool
    spans: list[SpanView]


class WarrantyView(DeviceView):
    customer_id: UUID
    under_warranty: bool


class EcosystemView(View):
    products: list[str]
    count: int
    strategic: bool
    devices: list[WarrantyView]
