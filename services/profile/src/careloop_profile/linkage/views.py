"""Questions as people see them: both sides of each field, masked by role, and what it says."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from careloop_common.disclosure import disclosed
from careloop_common.privacy import mask_email, mask_name, mask_phone
from careloop_common.tokens import Actor

from careloop_profile.customers.personal import as_called
from careloop_profile.customers.views import PERSONAL
from careloop_profile.linkage.policy.model import Field
from careloop_profile.linkage.schemas import MatchReviewView, ReviewedField, Side
from careloop_profile.linkage.service import Question, Records

_MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "name": mask_name,
    "phone": mask_phone,
    "email": mask_email,
    "region": str,
    "language": str,
}


def review_view(question: Question, records: Records, actor: Actor) -> MatchReviewView:
    """The question as this actor may see it."""
    masked, row = not actor.may(PERSONAL), question.row
    ours, theirs = records.raw(question.one), records.raw(question.other)
    if not masked:
        for customer, known in ((question.one, ours), (question.other, theirs)):
            disclosed(customer.customer_id, *known)
    fields = [_field(field, ours, theirs, row.fields, masked) for field in question.model.fields]
    shown = {name: getattr(row, name) for name in MatchReviewView.model_fields if hasattr(row, name)}
    return MatchReviewView.model_validate(
        {
            **shown,
            "review_id": row.id,
            "prior": question.model.prior,
            "one": Side.model_validate(as_called(question.one, masked=masked)),
            "other": Side.model_validate(as_called(question.other, masked=masked)),
            "fields": sorted(fields, key=lambda field: -abs(field.weight)),
            "masked": masked,
        }
    )


def _field(
    field: Field, ours: Mapping[str, str], theirs: Mapping[str, str], said: Mapping[str, Any], masked: bool
) -> ReviewedField:
    found = said.get(field.name)
    return ReviewedField(
        field=field.name,
        one=_shown(field.source, ours.get(field.source), masked),
        other=_shown(field.source, theirs.get(field.source), masked),
        level=found and found["level"],
        weight=found["weight"] if found else 0.0,
        explanation=_explained(found["level"], found["weight"]) if found else "not known of both",
    )


def _shown(source: str, value: str | None, masked: bool) -> str | None:
    if value is None or not masked:
        return value
    mask = _MASKS.get(source)
    return mask(value) if mask else f"{value[:1]}***"


def _explained(level: str, weight: float) -> str:
    times, whose = f"{2 ** abs(weight):,.3g}", "one person" if weight >= 0 else "two persons"
    return f"{level}: {times} times as frequent among pairs that are {whose}"
