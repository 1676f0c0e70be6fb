from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import AfterValidator, Field, FiniteFloat, StrictBool, StringConstraints

from careloop_profile.customers.schemas import Line, Term, printable
from careloop_profile.tags.policy.definitions import Case, Content, Kind, State, ValueType

TagCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
RuleText = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Sensitivity = Literal["public", "internal", "personal", "sensitive"]
TagValue = (
    StrictBool
    | FiniteFloat
    | Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(printable)]
)


class TagCase(Body):
    """The value where the rule holds; of several cases the first that does."""

    value: Term
    rule: RuleText


class TagContent(Body):
    """What the values are: `rule` for a bool, `cases` for text, `of` for a number, `values` that people may choose from."""

    kind: Kind = Kind.RULE
    value_type: ValueType = ValueType.BOOL
    rule: RuleText | None = Field(
        default=None, examples=['days_since(last_seen_at) >= 30 && status == "active"']
    )
    cases: list[TagCase] = Field(default=[], max_length=20)
    of: RuleText | None = Field(default=None, examples=['metric("paid", "90d")'])
    values: list[Term] = Field(default=[], max_length=100)

    def content(self) -> Content:
        cases = tuple(Case(case.value, case.rule) for case in self.cases)
        return Content(
            self.kind, self.value_type, self.rule, cases, self.of, tuple(dict.fromkeys(self.values))
        )


class ProposeTag(TagContent):
    code: TagCode
    name: Line
    name_zh: Line
    description: Annotated[str, StringConstraints(max_length=1_000), AfterValidator(printable)] = ""
    category: TagCode
    pack: TagCode = "own"
    owner: Line
    sensitivity: Sensitivity = "internal"
    ttl_days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    """How long a value holds that somebody gives."""


class PreviewTag(TagContent):
    code: TagCode | None = None
    """Of a tag that there is, to be told who would gain or lose it."""


class CaseView(View):
    value: str
    rule: str


class TagDefinitionView(View):
    code: str
    version: int
    name: str
    name_zh: str
    description: str
    category: str
    pack: str
    kind: Kind
    value_type: ValueType
    rule: str | None
    cases: list[CaseView]
    of: str | None
    values: list[str]
    depends_on: list[str]
    owner: str
    sensitivity: Sensitivity
    ttl_days: int | None
    state: State
    created_at: datetime
    created_by: str
    published_at: datetime | None
    published_by: str | None
    switched_at: datetime | None
    """Since when it is in force."""
    ended_at: datetime | None
    asked: int
    """Persons that were asked while it was filled."""
    having: int
    """Of these, persons that had it then."""


class TagVersionsView(View):
    items: list[TagDefinitionView]
    """The newest first."""


class TagPreviewView(View):
    persons: int
    having: int
    by_value: dict[str, int]
    examples: list[UUID]
    now_having: int | None
    """By the version in force."""
    changed: int | None
    """Persons who would gain it, lose it or have another value."""


class FactView(View):
    name: str
    type: str
    values: list[str] | None


class VocabularyView(View):
    """What rules may speak of. Families are written as calls: `count("call", "30d")`."""

    facts: list[FactView]
    families: dict[str, list[list[str]]]


class TagCause(View):
    kind: str
    """`interaction`, `customer`, `time`, `given`, `score`, `definition`, `person` (merged or taken apart), `first_look`."""
    changed: list[str] = Field(default=[])
    """Inputs that were not as before."""
    by: str | None = None
    version: int | None = None


class HadTagView(View):
    code: str
    name: str
    name_zh: str
    category: str
    pack: str
    value: Any
    version: int
    since: datetime | None
    cause: TagCause | None


class TagsView(View):
    person_id: UUID
    evaluated_at: datetime | None
    items: list[HadTagView]


class SourceView(View):
    source: str
    customer_id: UUID | None
    at: datetime | None
    why: str


class InputView(View):
    name: str
    value: Any
    sources: list[SourceView]


class ExplanationView(View):
    person_id: UUID
    code: str
    name: str
    name_zh: str
    version: int
    value: Any
    """None for a person that has it not."""
    rule: str | None
    """The rule that decided."""
    inputs: list[InputView]
    since: datetime | None
    cause: TagCause | None
    changes_at: datetime | None
    """When time alone may change it."""


class TagChangeView(View):
    code: str
    version: int
    at: datetime
    before: Any
    after: Any
    cause: TagCause


class GiveTag(Body):
    value: TagValue = True
    source: Line = "people"


class GivenWord(Body):
    customer_id: UUID
    value: TagValue = True


class GiveTags(Body):
    source: Line
    items: list[GivenWord] = Field(min_length=1, max_length=1_000)


class GivenView(View):
    given: int
    changed: int
    """Tags of persons that became others by it, those that depend on it among them."""
