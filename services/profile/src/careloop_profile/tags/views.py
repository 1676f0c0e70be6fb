from typing import Any

from careloop_common.rules import Catalogue

from careloop_profile.tags.models import HistoryRow
from careloop_profile.tags.schemas import (
    ExplanationView,
    FactView,
    HadTagView,
    TagChangeView,
    TagsView,
    VocabularyView,
)
from careloop_profile.tags.service.reading import Explanation, Had, Tagged


def tags_view(found: Tagged) -> TagsView:
    return TagsView(
        person_id=found.person_id, evaluated_at=found.evaluated_at, items=[_had(one) for one in found.tags]
    )


def _had(one: Had) -> HadTagView:
    shown = {
        name: getattr(one.row, name) for name in ("code", "name", "name_zh", "category", "pack", "version")
    }
    return HadTagView.model_validate({**shown, "value": one.value, **_latest(one.latest)})


def explanation_view(one: Explanation) -> ExplanationView:
    shown = {name: getattr(one.row, name) for name in ("code", "name", "name_zh", "version")}
    told = {name: getattr(one, name) for name in ("person_id", "value", "rule", "inputs", "changes_at")}
    return ExplanationView.model_validate({**shown, **told, **_latest(one.latest)})


def _latest(row: HistoryRow | None) -> dict[str, Any]:
    return {"since": row and row.at, "cause": row and row.cause}


def change_view(row: HistoryRow) -> TagChangeView:
    return TagChangeView.model_validate(row)


def vocabulary_view(known: Catalogue) -> VocabularyView:
    facts = [
        FactView(name=name, type=kind.name, values=list(kind.values) if kind.values else None)
        for name, kind in known.items()
    ]
    families = {name: [list(values) for values in one.parameters] for name, one in known.lookups.items()}
    return VocabularyView(facts=facts, families=families)
