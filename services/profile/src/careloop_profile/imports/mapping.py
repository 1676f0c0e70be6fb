"""Mapping files: how the columns of somebody's file become customers."""

from importlib.resources import files
from typing import Annotated, Any, Literal, Self

import yaml
from careloop_common.schemas import Body
from pydantic import (
    AfterValidator,
    FiniteFloat,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic import Field as Member

from careloop_profile.customers.policy import CHANNELS
from careloop_profile.customers.policy.state import Channel, CustomerKind, Purpose
from careloop_profile.customers.schemas import Line, printable
from careloop_profile.imports.mapped_relations import MappedRelation
from careloop_profile.imports.policy.plan import (
    CUSTOMER_FACTS,
    OTHER,
    PERSONAL,
    SUBSCRIPTION_FACTS,
    ConsentDefault,
    Field,
    Invalid,
    Plan,
    Target,
)

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Cell = Annotated[str, StringConstraints(max_length=200), AfterValidator(printable)]
TransformName = Literal["strip", "lower", "number", "yes_no", "date", "months_ago"]

_DATE: tuple[TransformName, ...] = ("date", "months_ago")
_TYPED: dict[str, tuple[TransformName, ...]] = {
    **dict.fromkeys(("joined_on", "left_on", "started_on", "ended_on"), _DATE),
    **dict.fromkeys(("vip", "do_not_disturb"), ("yes_no",)),
    **dict.fromkeys(("monthly_fee", "devices"), ("number",)),
}
_SHIPPED = ("crm-relations", "maven-telecom", "mlc-churn", "simulator", "telco-ibm")


class MappedField(Body):
    """One value: from `column` or `const`, through `map` and `transform`, to its target."""

    to: str = Member(
        description="A fact (`phone`, `joined_on`, …), `attributes.<name>`, `subscription.<fact>`, "
        "`consents.<purpose>` or `care_flag`."
    )
    column: Line | None = None
    const: StrictBool | StrictInt | FiniteFloat | Line | None = None
    transform: TransformName | None = Member(
        default=None, description="Without one, what the target needs: a date, a number, yes or no, or text."
    )
    map: dict[Cell, Cell] | None = Member(
        default=None,
        max_length=1000,
        description="Text of the cell → text to read; `*` for all others, empty for nothing.",
    )
    required: bool = Member(default=False, description="A row without this value is rejected.")
    optional: bool = Member(default=False, description="The file may lack the column.")
    invalid: Invalid | None = Member(
        default=None, description="What an unreadable value costs: the row, or only the value."
    )

    @field_validator("to")
    @classmethod
    def _known_target(cls, to: str) -> str:
        target = Target.parse(to)
        allowed = {
            "customer": CUSTOMER_FACTS | OTHER | {target.name for target in PERSONAL},
            "subscription": SUBSCRIPTION_FACTS,
            "consents": frozenset({"service", "care", "marketing"}),
        }
        if target.group == "attributes":
            if not (target.name.isidentifier() and target.name.islower() and len(target.name) <= 64):
                raise ValueError(f"{target.name!r} is no attribute name: lower case, digits and _")
        elif target.name not in allowed.get(target.group, ()):
            raise ValueError(f"{to!r} is no target")
        return to

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.const is None):
            raise ValueError("a field has either a column or a const")
        target = Target.parse(self.to)
        needed = self._needed(target)
        if self.transform and needed and self.transform not in needed:
            raise ValueError(f"{self.to} needs the transform {' or '.join(needed)}")
        return self

    @staticmethod
    def _needed(target: Target) -> tuple[TransformName, ...]:
        """The transforms that give what the target holds, the usual one first; none means that any does."""
        if target.group == "attributes":
            return ()
        return _TYPED.get(target.name, ("yes_no",) if target.group == "consents" else ("strip", "lower"))

    def field(self) -> Field:
        target = Target.parse(self.to)
        needed = self._needed(target)
        soft = target.group in {"attributes", "customer"} and target.name not in CUSTOMER_FACTS
        return Field(
            target=target,
            column=self.column,
            constant=None if self.const is None else str(self.const),
            transform=self.transform or (needed[0] if needed else "strip"),
            values=self.map,
            required=self.required,
            optional_column=self.optional,
            invalid=self.invalid or ("drop" if soft else "reject"),
        )


class DefaultConsent(Body):
    """A consent that the contract itself gives, for every customer of the file."""

    purposes: list[Purpose] = Member(min_length=1)
    channels: list[Channel] = Member(default=list(CHANNELS), min_length=1)
    granted: bool = True


class Mapping(Body):
    """A mapping file. Rows are customers, who may be related to others; or relations, each between two others."""

    source: Code = Member(description="Name of the system that the file comes from.")
    key: Line | None = Member(
        default=None,
        description="The column with the customer's key in that system. Without one, rows are relations.",
    )
    kind: CustomerKind = Member(default="individual", description="Where no field maps to `kind`.")
    fields: list[MappedField] = Member(default=[], max_length=500)
    relations: list[MappedRelation] = Member(
        default=[], max_length=50, description="What a row says of two; one only where rows are relations."
    )
    consents: list[DefaultConsent] = Member(default=[], max_length=20)
    consent_channels: list[Channel] = Member(
        default=list(CHANNELS), description="Channels that a `consents.<purpose>` column speaks of."
    )
    others: Literal["attributes", "ignore"] = Member(
        default="attributes", description="What becomes of columns that no field mentions."
    )
    phone_region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "CN"

    @model_validator(mode="after")
    def _of_customers_or_of_two(self) -> Self:
        named = 1 if self.key else 2
        if self.key is None and (self.fields or self.consents or len(self.relations) != 1):
            raise ValueError("a mapping without a key has one relation, and neither fields nor consents")
        for item in self.relations:
            if sum(end is not None for end in (item.from_, item.to)) != named:
                raise ValueError(
                    "a relation of the customer of a row names the other end, and one of no customer both"
                )
        return self

    def plan(self) -> Plan:
        mapped = tuple(item.field() for item in self.fields)
        if not any(item.target == Target("customer", "kind") for item in mapped):
            mapped += (MappedField(to="kind", const=self.kind).field(),)
        return Plan(
            source=self.source,
            key=self.key,
            fields=mapped,
            consents=tuple(
                ConsentDefault(tuple(item.purposes), tuple(item.channels), item.granted)
                for item in self.consents
            ),
            consent_channels=tuple(self.consent_channels),
            keep_others=self.others == "attributes",
            phone_region=self.phone_region,
            relations=tuple(item.plan(self.source) for item in self.relations),
        )


def shipped(name: str) -> Mapping | None:
    """A mapping that comes with the service."""
    if name not in _SHIPPED:
        return None
    text = (files("careloop_profile.imports.mappings") / f"{name}.yaml").read_text(encoding="utf-8")
    content: Any = yaml.safe_load(text)
    return Mapping.model_validate(content)
