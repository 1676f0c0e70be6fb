"""What a mapping asks for, in the form that rows are read by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from careloop_profile.cleansing.policy import FIELDS

Invalid = Literal["reject", "drop"]
By = Literal["external_id", "phone", "email", "identity_number"]

CUSTOMER_FACTS = frozenset({"kind", "status", "joined_on", "left_on", "region", "language", "vip"})
SUBSCRIPTION_FACTS = frozenset(
    {"product", "plan", "status", "monthly_fee", "currency", "contract", "started_on", "ended_on"}
)
OTHER = frozenset({"care_flag", "do_not_disturb", "devices"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where a value goes: `name`, `attributes.gender`, `subscription.plan`, `consents.marketing`."""

    group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "Target":
        group, dot, name = text.partition(".")
        return cls(group, name) if dot else cls("customer", group)


PERSONAL = frozenset(Target("customer", name) for name in FIELDS)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a row: from a column, or always the same."""

    target: Target
    column: str | None
    constant: str | None
    transform: str
    values: Mapping[str, str] | None
    required: bool
    optional_column: bool
    invalid: Invalid


@dataclass(frozen=True, slots=True)
class ConsentDefault:
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    granted: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value of a relation comes from: a column, or always the same text."""

    column: str | None
    constant: str | None = None
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Who is meant: by the key of a source system, or by an identifier that only one person has."""

    origin: Origin
    by: By
    source: str
    source_column: str | None = None


@dataclass(frozen=True, slots=True)
class RelationPlan:
    """What rows say of two. The end that is not given is the customer of the row."""

    kind: Origin
    one: End | None
    other: End | None
    within: End | None
    facts: Mapping[str, Origin]
    optional: bool

    @property
    def ends(self) -> tuple[End, ...]:
        return tuple(end for end in (self.one, self.other, self.within) if end is not None)

    @property
    def columns(self) -> Iterator[str]:
        origins = [self.kind, *(end.origin for end in self.ends), *self.facts.values()]
        yield from (origin.column for origin in origins if origin.column is not None)
        yield from (end.source_column for end in self.ends if end.source_column is not None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What rows are read by; those that are no customers (`key` None) are relations, one each."""

    source: str
    key: str | None
    fields: tuple[Field, ...]
    consents: tuple[ConsentDefault, ...]
    consent_channels: tuple[str, ...]
    keep_others: bool
    phone_region: str
    relations: tuple[RelationPlan, ...] = ()

    def missing_columns(self, header: Sequence[str]) -> list[str]:
        """Columns that the mapping needs and the file has not."""
        needed = [
            *([self.key] if self.key else []),
            *(item.column for item in self.fields if item.column and not item.optional_column),
            *(name for item in self.relations if not item.optional for name in item.columns),
        ]
        return [name for name in dict.fromkeys(needed) if name not in header]

    def others(self, header: Sequence[str]) -> list[str]:
        """Columns that no field mentions, to be kept as attributes."""
        mentioned = {self.key, *(item.column for item in self.fields)}
        mentioned.update(name for item in self.relations for name in item.columns)
        return [name for name in header if name not in mentioned] if self.keep_others else []
