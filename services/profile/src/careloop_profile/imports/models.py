from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class ImportRow(Base, table=True):
    """An import: what was uploaded, how far it is, and what came of it."""

    __tablename__ = "import_job"
    __table_args__ = (
        CheckConstraint("state IN ('uploading', 'queued', 'running', 'completed', 'failed')", name="state"),
        Index("ix_import_job_created_at", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    filename_sealed: str = Field(sa_column=Column("filename", Text, nullable=False))
    format: str = Field(sa_type=Text)
    encoding: str = Field(sa_type=Text)
    mapping_name: str | None = Field(default=None, sa_type=Text)
    mapping: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    declared_size: int | None = Field(default=None, sa_type=BigInteger)
    declared_sha256: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)
    started_at: datetime | None = Field(default=None, sa_type=INSTANT)
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)

    size: int = Field(default=0, sa_type=BigInteger)
    dialect: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    position: int = Field(default=0, sa_type=BigInteger)
    line: int = Field(default=1, sa_type=BigInteger)
    skipping: bool = Field(default=False, sa_type=Boolean)
    rows_read: int = Field(default=0, sa_type=BigInteger)
    rows_total: int | None = Field(default=None, sa_type=BigInteger)
    created: int = Field(default=0, sa_type=BigInteger)
    updated: int = Field(default=0, sa_type=BigInteger)
    unchanged: int = Field(default=0, sa_type=BigInteger)
    rejected: int = Field(default=0, sa_type=BigInteger)
    relations: dict[str, int] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    """How many were `stated`, `changed`, `unchanged` and `refused`."""
    quality: dict[str, Any] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    failure_code: str | None = Field(default=None, sa_type=Text)
    failure_detail: str | None = Field(default=None, sa_type=Text)


class PartRow(Base, table=True):
    """A piece of the file, sealed. Stored uncompressed, so that a part of it is read without the rest; gone at the end."""

    __tablename__ = "import_part"

    import_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    size: int
    """Of what is sealed in it."""
    data: bytes = Field(sa_type=LargeBinary)


class KeyRow(Base, table=True):
    """Keys that were seen in the file, while it is being read."""

    __tablename__ = "import_key"

    import_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, sa_type=Text)


class RejectRow(Base, table=True):
    """A row that was not taken (`column` empty), or a value that was left out of a row that was."""

    __tablename__ = "import_reject"
    __table_args__ = (
        Index("ix_import_reject_customer", "customer_id", postgresql_where=text("customer_id IS NOT NULL")),
    )

    import_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True, sa_type=BigInteger)
    column: str = Field(primary_key=True, sa_type=Text)
    code: str = Field(sa_type=Text)
    whole_row: bool = Field(sa_type=Boolean)
    value_sealed: str | None = Field(default=None, sa_type=Text)
    customer_id: UUID | None = None
    """Of whom the value is, as far as the row says: it goes when the customer is erased."""


class WaitingRow(Base, table=True):
    """What a file says of two, one of whom nobody knows yet. Whoever says it again waits in its place."""

    __tablename__ = "import_waiting"
    __table_args__ = (
        Index("ix_import_waiting_refs", "refs", postgresql_using="gin"),
        Index("ix_import_waiting_import_id", "import_id", "line"),
        Index("ix_import_waiting_due", "import_id", postgresql_where=text("due")),
    )

    id: UUID = Field(primary_key=True)
    import_id: UUID
    line: int = Field(sa_type=BigInteger)
    column: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    said: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    refs: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    """Ids, or blind indexes of identifiers, of all who are in it."""
    value_sealed: str | None = Field(default=None, sa_type=Text)
    due: bool = Field(default=False, sa_type=Boolean)
    """Somebody it waits for has come."""
    since: datetime = Field(sa_type=INSTANT)


class MappingRow(Base, table=True):
    __tablename__ = "import_mapping"

    name: str = Field(primary_key=True, sa_type=Text)
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    updated_at: datetime = Field(sa_type=INSTANT)
    updated_by: str = Field(sa_type=Text)
