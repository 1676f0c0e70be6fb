"""The part of a mapping file that says how columns become relations."""

from collections.abc import Iterable
from typing import Annotated, Self

from careloop_common.schemas import Body
from pydantic import AfterValidator, ConfigDict, Field, StrictInt, StringConstraints, model_validator

from careloop_profile.customers.schemas import Code, Line, printable
from careloop_profile.imports.policy.plan import By, End, Origin, RelationPlan
from careloop_profile.imports.policy.relations import unreadable

Cell = Annotated[str, StringConstraints(max_length=200), AfterValidator(printable)]
_FACTS = (
    *("role", "title", "influence", "stance", "rapport", "preference"),
    *("formal", "evidence", "valid_from", "valid_to"),
)


class MappedCell(Body):
    """A value from a column, through `map`."""

    column: Line
    map: dict[Cell, Cell] | None = Field(
        default=None,
        max_length=1000,
        description="Text of the cell → text to read; `*` for all others, empty for nothing.",
    )

    def origin(self) -> Origin:
        return Origin(self.column, None, self.map)


class MappedEnd(Body):
    """Whom a row means: who has this key in a source system, or the only one with this identifier."""

    column: Line
    by: By = "external_id"
    source: Code | None = Field(
        default=None, description="The system that the key is from; without it the one of the file."
    )
    source_column: Line | None = Field(
        default=None, description="The column that says which system the key is from, where it says so."
    )

    def end(self, source: str) -> End:
        return End(Origin(self.column), self.by, self.source or source, self.source_column)


Value = MappedCell | StrictInt | Line


class MappedRelation(Body):
    """What a row says that one is to another. In a file of customers the end that is left out is the row's customer."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    kind: MappedCell | Line = Field(
        description="`member_of`, `works_for`, …: a column with such words, or with others and a `map`; or one for all."
    )
    from_: MappedEnd | None = Field(default=None, alias="from")
    to: MappedEnd | None = None
    within: MappedEnd | None = Field(
        default=None, description="The organisation in which somebody reports to or influences somebody."
    )
    role: Value | None = None
    title: Value | None = None
    influence: Value | None = None
    stance: Value | None = None
    rapport: Value | None = None
    preference: Value | None = None
    formal: Value | None = None
    evidence: Value | None = None
    valid_from: Value | None = None
    valid_to: Value | None = None
    optional: bool = Field(default=False, description="The file may lack the columns.")

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        for name in ("kind", *_FACTS):
            for text in _texts(getattr(self, name)):
                if text and (why := unreadable(name, text)):
                    raise ValueError(f"no relation has {name} {text!r}: {why}")
        return self

    def plan(self, source: str) -> RelationPlan:
        """`source` is where keys are from of which nothing else is said."""
        stated = {name: value for name in _FACTS if (value := getattr(self, name)) is not None}
        return RelationPlan(
            kind=_origin(self.kind),
            one=self.from_.end(source) if self.from_ else None,
            other=self.to.end(source) if self.to else None,
            within=self.within.end(source) if self.within else None,
            facts={name: _origin(value) for name, value in stated.items()},
            optional=self.optional,
        )


def _origin(value: Value) -> Origin:
    return value.origin() if isinstance(value, MappedCell) else Origin(None, str(value))


def _texts(value: Value | None) -> Iterable[str]:
    """What a mapping itself says that a value is."""
    if isinstance(value, MappedCell):
        return (value.map or {}).values()
    return () if value is None else (str(value),)
