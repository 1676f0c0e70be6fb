from collections.abc import Mapping
from typing import Any
from uuid import UUID

from careloop_common.disclosure import disclosed
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor

from careloop_profile.customers.personal import MASKS, anything, as_called
from careloop_profile.customers.policy import Identifier
from careloop_profile.customers.views import PERSONAL
from careloop_profile.identity.models import MergeRow
from careloop_profile.identity.policy import Field
from careloop_profile.identity.schemas import MergeView, PersonView
from careloop_profile.identity.service import Person


def person_view(person: Person, vault: Vault, actor: Actor) -> PersonView:
    """The person as this actor may see it."""
    masked = not actor.may(PERSONAL)
    return PersonView.model_validate(
        {
            "person_id": person.person_id,
            "customers": [as_called(one, masked=masked) for one in person.customers],
            "golden": {name: _field(name, field, vault, masked) for name, field in person.golden.items()},
            "masked": masked,
            "evidence": person.evidence,
        }
    )


def _field(name: str, field: Field, vault: Vault, masked: bool) -> dict[str, Any]:
    value = shown(name, field, vault, masked=masked)
    return {"value": value, "customer_id": field.customer_id, "why": field.why}


def shown(name: str, field: Field, vault: Vault, *, masked: bool) -> Any:
    """The value of a field: what is personal in clear, or masked."""
    value = field.value
    if mask := MASKS.get(name):
        sealed = value.sealed if isinstance(value, Identifier) else value
        value = vault.open(field.customer_id, name, sealed)
        if not masked:
            disclosed(field.customer_id, name)
        return mask(value) if masked else value
    said = name.removeprefix("attributes.")
    return anything(field.customer_id, name, {said: value}, masked=masked)[said]


def merge_view(row: MergeRow, undone: Mapping[UUID, UUID]) -> MergeView:
    shown = {name: getattr(row, name) for name in MergeView.model_fields if hasattr(row, name)}
    return MergeView.model_validate({**shown, "merge_id": row.id, "undone_by": undone.get(row.id)})
