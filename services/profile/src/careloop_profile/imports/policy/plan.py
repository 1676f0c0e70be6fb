"""What a mapping asks for, in the form that rows are read by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from careloop_profile.cleansing.policy import FIELDS

Invalid = Literal["reject", "drop"]

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
class Plan:
    source: str
    key: str
    fields: tuple[Field, ...]
    consents: tuple[ConsentDefault, ...]
    consent_channels: tuple[str, ...]
    keep_others: bool
    phone_region: str

    def missing_columns(self, header: Sequence[str]) -> list[str]:
        """Columns that the mapping needs and the file has not."""
        needed = [
            self.key,
            *(item.column for item in self.fields if item.column and not item.optional_column),
        ]
        return [name for name in dict.fromkeys(needed) if name not in header]

    def others(self, header: Sequence[str]) -> list[str]:
        """Columns that no field mentions, to be kept as attributes."""
        mentioned = {self.key, *(item.column for item in self.fields)}
        return [name for name in header if name not in mentioned] if self.keep_others else []
