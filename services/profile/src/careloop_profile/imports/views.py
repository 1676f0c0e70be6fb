from careloop_common.errors import SealBroken
from careloop_common.privacy import Vault

from careloop_profile.imports.mapping import Mapping
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.plan import Target
from careloop_profile.imports.policy.quality import Column, Quality
from careloop_profile.imports.schemas import ColumnQuality, Failure, ImportView, KeyQuality, QualityView
from careloop_profile.imports.service.uploading import FILENAME

_KEY_TARGETS = {"name", "phone", "email", "identity_number"}


def import_view(job: ImportRow, vault: Vault) -> ImportView:
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
        key_fields=_key_fields(Mapping.model_validate(job.mapping), quality, job.rows_read),
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


def _key_fields(mapping: Mapping, quality: Quality, rows: int) -> list[KeyQuality]:
    found = []
    if (key := quality.columns.get(mapping.key)) is not None:
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
    for item in mapping.fields:
        column = quality.columns.get(item.column or "")
        if column is not None and Target.parse(item.to) in {
            Target("customer", name) for name in _KEY_TARGETS
        }:
            correct = column.filled - column.invalid
            found.append(
                KeyQuality(
                    column=item.column or "",
                    target=item.to,
                    filled=column.filled,
                    correct=correct,
                    correct_share=_share(correct, column.filled),
                )
            )
    return found


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
