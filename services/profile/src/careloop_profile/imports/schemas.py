from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import AfterValidator, Field, StringConstraints

from careloop_profile.customers.schemas import Line
from careloop_profile.imports.mapping import Code, Mapping

__all__ = ["ColumnQuality", "ImportView", "KeyQuality", "MappingView", "OpenImport", "QualityView"]

State = Literal["uploading", "queued", "running", "completed", "failed"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$"), AfterValidator(str.lower)]


class OpenImport(Body):
    """A file to come: how it is named, what it is, and how its columns are to be read."""

    mapping: Code | Mapping = Field(description="Name of a mapping, or one of this import's own.")
    filename: Line
    format: Literal["csv", "parquet"] = "csv"
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"
    size: int | None = Field(
        default=None, ge=0, le=1 << 40, description="Checked when the import is started."
    )
    sha256: Sha256 | None = Field(default=None, description="Checked before the first row is read.")


class Failure(View):
    code: str
    detail: str


class RelationCounts(View):
    """What became of what the file says of two. `changed` are those that it ends or confirms, or knows more of; `open` wait
    for somebody who is not known yet, or for a guardian."""

    stated: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    open: int = 0


class ImportView(View):
    import_id: UUID
    state: State
    filename: str
    format: str
    encoding: str
    mapping_name: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    size: int
    rows_read: int
    accepted: int
    rejected: int
    created: int
    updated: int
    unchanged: int
    relations: RelationCounts
    percent: float
    failure: Failure | None


class ColumnQuality(View):
    column: str
    filled: int
    filled_share: float
    distinct: int
    distinct_exact: bool
    invalid: int
    repaired: int


class KeyQuality(View):
    column: str
    target: str
    filled: int
    correct: int
    correct_share: float


class QualityView(View):
    """What the file is worth, column by column; `key_fields` are those that customers are found and reached by."""

    import_id: UUID
    state: State
    rows_read: int
    duplicates: int
    reasons: dict[str, int]
    columns: list[ColumnQuality]
    key_fields: list[KeyQuality]


class MappingView(View):
    name: str
    shipped: bool
    mapping: Mapping
