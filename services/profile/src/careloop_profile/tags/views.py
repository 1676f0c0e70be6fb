from dataclasses import replace
from typing import Any
from uuid import UUID

from careloop_common.rules import Catalogue
from careloop_common.tokens import Actor

from careloop_profile.customers.personal import anything
from careloop_profile.customers.views import PERSONAL
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


def tags_view(found: Tagged, customer_id: UUID, actor: Actor) -> TagsView:
    items = [_had(one, customer_id, actor) for one in found.tags]
    return TagsView(person_id=found.person_id, evaluated_at=found.evaluated_at, items=items)


def _had(one: Had, customer_id: UUID, actor: Actor) -> HadTagView:
    shown = {
        name: getattr(one.row, name) for name in ("code", "name", "name_zh", "category", "pack", "version")
    }
    value = _shown(customer_id, one.row.code, one.value, actor)
    return HadTagView.model_validate({**shown, "value": value, **_latest(one.latest)})


def explanation_view(one: Explanation, customer_id: UUID, actor: Actor) -> ExplanationView:
    shown = {name: getattr(one.row, name) for name in ("code", "name", "name_zh", "version")}
    told = {name: getattr(one, name) for name in ("person_id", "rule", "changes_at")}
    told["value"] = _shown(customer_id, one.row.code, one.value, actor)
    told["inputs"] = [
        replace(given, value=_shown(customer_id, given.name, given.value, actor)) for given in one.inputs
    ]
    return ExplanationView.model_validate({**shown, **told, **_latest(one.latest)})


def _latest(row: HistoryRow | None) -> dict[str, Any]:
    return {"since": row and row.at, "cause": row and row.cause}


def change_view(row: HistoryRow, customer_id: UUID, actor: Actor) -> TagChangeView:
    view = TagChangeView.model_validate(row)
    view.before, view.after = (
        _shown(customer_id, row.code, value, actor) for value in (row.before, row.after)
    )
    return view


def _shown(customer_id: UUID, name: str, value: Any, actor: Actor) -> Any:
    """What sources and people say is as they wrote it: a number to call may be in it."""
    return anything(customer_id, name, value, masked=not actor.may(PERSONAL))


def vocabulary_view(known: Catalogue) -> VocabularyView:
    facts = [
        FactView(name=name, type=kind.name, values=list(kind.values) if kind.values else None)
        for name, kind in known.items()
    ]
    families = {name: [list(values) for values in one.parameters] for name, one in known.lookups.items()}
    return VocabularyView(facts=facts, families=families)
