from typing import Any
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.tokens import Actor

from careloop_profile.customers.policy.state import flat
from careloop_profile.customers.views import PERSONAL
from careloop_profile.identity.views import shown
from careloop_profile.overview.schemas import OverviewView, totals
from careloop_profile.overview.service import Overview, explained


def overview_view(found: Overview, vault: Vault, actor: Actor, *, explain: bool) -> OverviewView:
    """The page as this actor may see it."""
    person, masked = found.person, not actor.may(PERSONAL)
    facts = {name: shown(name, field, vault, masked=masked) for name, field in person.golden.items()}
    return OverviewView.model_validate(
        {
            "person_id": person.person_id,
            "customers": person.customers,
            "masked": masked,
            "facts": facts,
            "subscriptions": [_held(owner, item) for owner, item in found.subscriptions],
            "devices": found.devices,
            "consents": [one.word for one in found.words],
            "activity": totals(found.activity),
            "last_interactions": found.touches,
            "explained": explained(found) if explain else None,
        }
    )


def _held(owner: UUID, item: Any) -> dict[str, Any]:
    return {**flat(item), "customer_id": owner}
