from typing import Any, TypeVar
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.tokens import Actor

from careloop_profile.customers.personal import anything, as_called
from careloop_profile.customers.policy.state import flat
from careloop_profile.customers.views import PERSONAL
from careloop_profile.identity.views import shown
from careloop_profile.interactions.schemas import InteractionView
from careloop_profile.overview.schemas import OverviewView, TouchView, totals
from careloop_profile.overview.service import Overview, explained

_Touch = TypeVar("_Touch", bound=InteractionView)


def overview_view(found: Overview, vault: Vault, actor: Actor, *, explain: bool) -> OverviewView:
    """The page as this actor may see it."""
    person, masked = found.person, not actor.may(PERSONAL)
    facts = {name: shown(name, field, vault, masked=masked) for name, field in person.golden.items()}
    return OverviewView.model_validate(
        {
            "person_id": person.person_id,
            "customers": [as_called(one, masked=masked) for one in person.customers],
            "masked": masked,
            "facts": facts,
            "subscriptions": [_held(owner, item) for owner, item in found.subscriptions],
            "devices": found.devices,
            "consents": [one.word for one in found.words],
            "activity": totals(found.activity),
            "last_interactions": [touch(row, TouchView, actor, row.customer_id) for row in found.touches],
            "explained": explained(found) if explain else None,
        }
    )


def touch(row: Any, view: type[_Touch], actor: Actor, customer_id: UUID) -> _Touch:
    """An interaction as this actor may see it."""
    shown = view.model_validate(row)
    masked = not actor.may(PERSONAL)
    shown.properties = anything(customer_id, "properties", shown.properties, masked=masked)
    return shown


def _held(owner: UUID, item: Any) -> dict[str, Any]:
    return {**flat(item), "customer_id": owner}
