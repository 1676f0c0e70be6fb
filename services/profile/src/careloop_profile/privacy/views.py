import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from careloop_profile.privacy.models import AcknowledgementRow, ErasureRow
from careloop_profile.privacy.schemas import AcknowledgementView, ErasureView, ExportDocument


def erasure_view(row: ErasureRow, heard: Sequence[AcknowledgementRow]) -> ErasureView:
    shown = {name: getattr(row, name) for name in ErasureView.model_fields if hasattr(row, name)}
    said = [AcknowledgementView.model_validate(one) for one in heard]
    return ErasureView.model_validate({**shown, "request_id": row.id, "acknowledgements": said})


def export_document(found: Mapping[str, Any]) -> ExportDocument:
    """The export with a digest, so that whoever gets it can tell whether it is as it was given."""
    document = ExportDocument.model_validate({**found, "sha256": ""})
    return document.model_copy(update={"sha256": digest(document.model_dump(mode="json"))})


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its own `sha256`."""
    bare = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
