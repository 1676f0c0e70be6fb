"""What this slice answers, as the caller may see it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from careloop_common.disclosure import disclosed
from careloop_common.privacy import Vault, mask_name
from careloop_common.tokens import Actor

from careloop_profile.customers.views import PERSONAL
from careloop_profile.parties.models import AccountRow, RelationRow
from careloop_profile.parties.policy.anniversaries import Anniversary
from careloop_profile.parties.policy.decisions import DecisionMap, Member, Path
from careloop_profile.parties.policy.relations import Role
from careloop_profile.parties.queries.anniversaries import Found
from careloop_profile.parties.schemas import (
    AccountSummary,
    AccountView,
    AnniversaryView,
    EcosystemView,
    HouseholdView,
    InfluencePathView,
    OrganizationView,
    PathView,
    PersonName,
    RelationView,
    ResidentView,
    StepView,
    WarrantyView,
)
from careloop_profile.parties.service.accounts import Account
from careloop_profile.parties.service.holdings import Equipment
from careloop_profile.parties.service.households import Household
from careloop_profile.parties.service.organizations import Organization, Way
from careloop_profile.parties.service.persons import Known

_NOBODY = Known()


class Names:
    """The names of persons as one actor may see them."""

    def __init__(self, known: Mapping[UUID, Known], vault: Vault, actor: Actor) -> None:
        self._known, self._vault = known, vault
        self.masked = not actor.may(PERSONAL)

    def of(self, person_id: UUID) -> str | None:
        name = self._known.get(person_id, _NOBODY).named(self._vault)
        if name and not self.masked:
            disclosed(person_id, "name")
        return mask_name(name) if name and self.masked else name

    def person(self, person_id: UUID) -> PersonName:
        return PersonName(person_id=person_id, name=self.of(person_id))

    def born(self, person_id: UUID) -> date | None:
        return self._known.get(person_id, _NOBODY).born(self._vault)


def relation_view(row: RelationRow) -> RelationView:
    shown: dict[str, Any] = {
        name: getattr(row, name) for name in RelationView.model_fields if hasattr(row, name)
    }
    return RelationView.model_validate({**shown, "relation_id": row.id})


def _summary(row: AccountRow) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in AccountSummary.model_fields if hasattr(row, name)}
    return {**shown, "account_id": row.id}


def account_view(account: Account) -> AccountView:
    items = [relation_view(item) for item in account.items]
    return AccountView.model_validate({**_summary(account.row), "items": items})


def household_view(found: Household, vault: Vault, actor: Actor) -> HouseholdView:
    names = Names({one.person_id: one.known for one in found.residents}, vault, actor)
    heads = found.having(Role.HEAD)
    members = [
        ResidentView(
            person_id=one.person_id,
            name=names.of(one.person_id),
            roles=[Role(role) for role in sorted(one.roles)],
            proposed=one.proposed,
            minor=one.minor,
            guardians=sorted(set(one.guardians)),
            guardian_needed=one.minor and not one.guardians,
        )
        for one in found.residents
    ]
    return HouseholdView(
        household_ids=list(found.household_ids),
        head=heads[0] if heads else None,
        payers=found.having(Role.PAYER),
        members=members,
        masked=names.masked,
    )


def _member(one: Member, names: Names) -> dict[str, Any]:
    return {
        "person_id": one.person_id,
        "name": names.of(one.person_id),
        "titles": sorted(one.titles),
        "roles": sorted(one.roles),
        "stance": one.stance,
        "preferences": sorted(one.preferences),
        "rapport": one.rapport,
        "superior_id": one.superior,
        "level": one.level,
        "reports": one.reports,
    }


def organization_view(found: Organization, vault: Vault, actor: Actor) -> OrganizationView:
    names = Names(found.names, vault, actor)
    return OrganizationView.model_validate(
        {
            "organization_id": found.organization_id,
            "people": len(found.map.members),
            "contacts": [_member(one, names) for one in found.map.contacts()],
            "owners": [names.person(key) for key in found.owners],
            "owned": [names.person(key) for key in found.owned],
            "accounts": [_summary(row) for row in found.accounts],
            "masked": names.masked,
        }
    )


def decision_map_json(
    organization_id: UUID, on: date, found: DecisionMap, shown: Sequence[Member], names: Names
) -> bytes:
    """A `DecisionMapView` as it is sent: there may be thousands in it, and all of it comes from our own tables."""
    said = {
        "organization_id": organization_id,
        "on": on,
        "people": len(found.members),
        "deciders": found.having(Role.DECIDER),
        "blockers": found.having(Role.BLOCKER),
        "champions": found.having(Role.CHAMPION),
        "members": [_member(one, names) for one in shown],
        "influences": [
            {"from_id": edge.one, "to_id": edge.other, "influence": edge.influence, "stance": edge.stance}
            for edge in found.influences
        ],
        "masked": names.masked,
    }
    # The database driver has a class of its own for ids.
    return msgspec.json.encode(said, enc_hook=str)


def influence_path_view(organization_id: UUID, way: Way, vault: Vault, actor: Actor) -> InfluencePathView:
    names = Names(way.names, vault, actor)
    return InfluencePathView(
        organization_id=organization_id,
        goals=[names.person(key) for key in way.goals],
        path=_path(way.path, names) if way.path else None,
        masked=names.masked,
    )


def _path(path: Path, names: Names) -> PathView:
    on_it = [path.start, *(step.other for step in path.steps)]
    said = [f"we know the first {path.rapport} of 5"] if path.rapport else []
    said += [f"{step.why} ({step.strength:.2f})" for step in path.steps]
    return PathView(
        start=names.person(on_it[0]),
        end=names.person(on_it[-1]),
        rapport=path.rapport,
        strength=round(path.strength, 4),
        steps=[
            StepView(from_id=step.one, to_id=step.other, strength=round(step.strength, 4), why=step.why)
            for step in path.steps
        ],
        people=[names.person(key) for key in on_it],
        explanation=", then ".join(said) or "we are there already",
    )


def anniversary_view(kind: Anniversary, found: Found, names: Names) -> AnniversaryView:
    since = found.since
    if kind is Anniversary.BIRTHDAY:
        since = None if names.masked else names.born(found.person_id)
    counts = kind in {Anniversary.JOINING, Anniversary.BIRTHDAY}
    return AnniversaryView(
        person_id=found.person_id,
        name=names.of(found.person_id),
        kind=kind,
        on=found.day,
        customer_id=found.customer_id,
        subject_id=found.subject_id,
        product=found.product,
        # A birthday of 29 February is kept on the 28th, when the year is not yet full.
        years=found.day.year - since.year if since and counts else None,
        masked=names.masked,
    )


def ecosystem_view(found: Equipment, today: date) -> EcosystemView:
    devices = [
        WarrantyView.model_validate(
            {
                **row._asdict(),
                "under_warranty": row.warranty_until is not None and row.warranty_until >= today,
            }
        )
        for row in found.devices
    ]
    used = found.ecosystem
    return EcosystemView(
        products=list(used.products), count=len(used.products), strategic=used.strategic, devices=devices
    )
