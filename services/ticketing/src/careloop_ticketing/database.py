from enum import StrEnum

from careloop_common.database import service_metadata
from careloop_common.disclosure import disclosure_tables
from careloop_common.subject_keys import subject_tables
from sqlalchemy import DateTime, Enum
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

INSTANT = DateTime(timezone=True)


class Base(SQLModel, registry=registry(metadata=service_metadata())):
    """Root of this service's tables: a registry of their own, the plumbing included."""


subject_tables(Base.metadata)
disclosure_tables(Base.metadata)


def word(of: type[StrEnum]) -> Enum:
    """A column that holds one of some words, as text: new words need no migration of a database type."""
    return Enum(
        of, native_enum=False, length=40, values_callable=lambda words: [word.value for word in words]
    )
