"""The base class of every event that crosses a service border, and the registry of all of them."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID
from zlib import crc32

from pydantic import BaseModel, ConfigDict

PARTITIONS: Final = 16
"""Partitions per entity: they bound how many consumers can work side by side."""

_registry: "dict[str, type[Event]]" = {}


def partition_of(key: UUID | str) -> int:
    """Return the partition of an aggregate: equal keys share one, and their order is kept in it."""
    return crc32(str(key).encode()) % PARTITIONS


def registered() -> "Sequence[type[Event]]":
    """Return every known event class in the order of their types."""
    return [_registry[name] for name in sorted(_registry)]


def find(event_type: str) -> "type[Event] | None":
    """Return the class of a CloudEvents type, or None where this build does not know it."""
    return _registry.get(event_type)


class Record(BaseModel):
    """A part of an event: immutable, and tolerant of fields that a newer producer added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Record):
    """A fact in the past tense, versioned by its name: a breaking change is a V2 beside the V1.

    Subclasses name themselves in class arguments. `key` is the path of the aggregate's id in the event
    (`"ticket_id"`, or `"items.0.customer_id"`); it decides the partition.
    """

    type: ClassVar[str]
    event_entity: ClassVar[str]
    event_name: ClassVar[str]
    event_version: ClassVar[int]
    event_key: ClassVar[str]

    def __init_subclass__(cls, *, entity: str, name: str, version: int, key: str, **config: Any) -> None:
        super().__init_subclass__(**config)
        cls.event_entity = entity
        cls.event_name = name
        cls.event_version = version
        cls.event_key = key
        cls.type = f"careloop.{entity}.{name}.v{version}"
        if known := _registry.get(cls.type):
            raise TypeError(f"{cls.type} is already {known.__name__}")
        _registry[cls.type] = cls

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Refuse a key that does not start at a field."""
        if cls.event_key.partition(".")[0] not in cls.model_fields:
            raise TypeError(f"{cls.__name__} has no field for its key {cls.event_key!r}")

    @property
    def key_value(self) -> str:
        """The id of the aggregate that the event is about."""
        value: Any = self
        for step in self.event_key.split("."):
            value = value[int(step)] if step.isdigit() else getattr(value, step)
        return str(value)

    def subject(self, partition: int | None = None) -> str:
        """Return the NATS subject; without a partition, that of the event's own key."""
        number = partition_of(self.key_value) if partition is None else partition
        return f"care.v{self.event_version}.{self.event_entity}.{number:02d}.{self.event_name}"
