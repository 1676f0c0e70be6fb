from collections.abc import Mapping
from uuid import UUID

from careloop_common.errors import SealBroken
from careloop_common.privacy import Vault

from careloop_profile.imports.mapping import Mapping as MappingFile
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.plan import Target
from careloop_profile.imports.policy.quality import Column, Quality
from careloop_profile.imports.schemas import (
    ColumnQuality,
    Failure,
    ImportView,
    KeyQuality,
    QualityView,
    RelationCounts,
)
from careloop_profile.imports.service.uploading import FILENAME

_FOUND_BY = {Target("customer", name) for name in ("name", "phone", "email", "identity_number")}


def import_view(job: ImportRow, vault: Vault, waits: Mapping[UUID, int] | None = None) -> ImportView:
    """`waits` says how many relations of which import wait for somebody."""
    facts = {name: getattr(job, name) for name in ImportView.model_fields if hasattr(job, name)}
    failure = None
    if job.failure_code:
        failure = Failure(code=job.failure_code, detail=job.failure_detail or "")
    return ImportView.model_validate(
        {
            **facts,
            "import_id": job.id,
            "filename": _filename(job, vault),
            "accepted": job.created + job.updated + job.unchanged,
            "percent": _percent(job),
            "relations": RelationCounts(**job.relations, open=(waits or {}).get(job.id, 0)),
            "failure": failure,
        }
    )


def _filename(job: ImportRow, vault: Vault) -> str:
    """An import outlives the key that its file's name was sealed with."""
    try:
        return vault.open(job.id, FILENAME, job.filename_sealed)
    except SealBroken:
        return ""


def quality_view(job: ImportRow) -> QualityView:
    quality = Quality.from_json(job.quality)
    return QualityView(
        import_id=job.id,
        state=job.state,
        rows_read=job.rows_read,
        duplicates=quality.duplicates,
        reasons=quality.flaws,
        columns=[_column(name, column, job.rows_read) for name, column in quality.columns.items()],
        key_fields=_key_fields(MappingFile.model_validate(job.mapping), quality, job.rows_read),
    )


def _percent(job: ImportRow) -> float:
    """Bytes read of a text file, rows read of a Parquet file."""
    if job.state == "completed":
        return 100.0
    total = job.rows_total if job.format == "parquet" else job.size
    return round(100.0 * job.position / total, 1) if total else 0.0


def _column(name: str, column: Column, rows: int) -> ColumnQuality:
    return ColumnQuality(
        column=name,
        filled=column.filled,
        filled_share=_share(column.filled, rows),
        distinct=column.distinct.count,
        distinct_exact=column.distinct.exact,
        invalid=column.invalid,
        repaired=column.repaired,
    )


def _key_fields(mapping: MappingFile, quality: Quality, rows: int) -> list[KeyQuality]:
    found = []
    if mapping.key is not None and (key := quality.columns.get(mapping.key)) is not None:
        correct = max(0, quality.keys_valid - quality.duplicates)
        found.append(
            KeyQuality(
                column=mapping.key,
                target="external_id",
                filled=key.filled,
                correct=correct,
                correct_share=_share(correct, rows),
            )
        )
    targets = [(item.column, item.to) for item in mapping.fields if Target.parse(item.to) in _FOUND_BY]
    for relation in mapping.relations:
        ends = {"from": relation.from_, "to": relation.to, "within": relation.within}
        targets += [(end.column, f"relations.{name}") for name, end in ends.items() if end is not None]
    for name, target in dict.fromkeys(targets):
        column = quality.columns.get(name or "")
        if column is not None:
            correct = column.filled - column.invalid
            found.append(
                KeyQuality(
                    column=name or "",
                    target=target,
                    filled=column.filled,
                    correct=correct,
                    correct_share=_share(correct, column.filled),
                )
            )
    return found


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
