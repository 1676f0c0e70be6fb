"""What messages say of customers becomes so: customers come to be, traits change, and who is called the same is merged.

Everything may come twice and in any order: a customer is made once, a trait is that of the latest message, and two who are
one person already are not merged again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import subject_keys, zones
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import FIELDS, Finding, Setting, findings, read
from careloop_profile.collection import policy, queries, wire
from careloop_profile.collection.metrics import APPLIED
from careloop_profile.collection.policy import Saying, Trait
from careloop_profile.collection.policy.traits import Value
from careloop_profile.collection.service.collecting import FIELD
from careloop_profile.collection.service.linking import Linker
from careloop_profile.collection.wire import Said
from careloop_profile.customers import policy as customer_policy
from careloop_profile.customers import queries as customers
from careloop_profile.customers import service as customer_service
from careloop_profile.customers.personal import Personal
from careloop_profile.customers.policy import Customer
from careloop_profile.customers.service import Change
from careloop_profile.identity.service import Candidates

_BY: Final = "collection"


class Applier:
    """Applies what messages say."""

    def __init__(self, vault: Vault, region: str, timezone: str) -> None:
        self._vault, self._region, self._timezone = vault, region, timezone
        self._linker = Linker(Candidates(vault))

    async def apply(self, session: AsyncSession, said: Sequence[Said], *, now: datetime) -> None:
        """Apply all of them in one transaction. Of who was erased nothing is heard any more."""
        gone = await subject_keys.destroyed(session, {UUID(one.customer_id) for one in said})
        said = [one for one in said if UUID(one.customer_id) not in gone]
        links = [one for one in said if one.rule]
        if links:
            await self._linker.wait(session)
        blanks = {UUID(one.customer_id): _blank(one, now) for one in said}
        blanks |= await self._linker.strangers(session, links, set(blanks), now)
        known = await customers.load(session, list(blanks), lock=True)
        for erased in await subject_keys.ensure(session, blanks.keys() - known.keys()):
            del blanks[erased]
        counting = policy.latest(self._sayings(said))
        won = set(await queries.claim(session, counting)) if counting else set()
        traits: defaultdict[UUID, dict[str, Value]] = defaultdict(dict)
        for trait in won:
            traits[trait.customer_id][trait.name] = counting[trait].value
        changes = [
            self._change(known.get(key), blank, traits[key], now)
            for key, blank in blanks.items()
            if key not in known or traits[key]
        ]
        await customer_service.store(session, changes, now=now, recorded_by=_BY)
        APPLIED.inc(len(won))
        for one in links:
            await self._linker.link(session, one, now=now)

    def _sayings(self, said: Sequence[Said]) -> "list[tuple[Trait, Saying]]":
        return [
            (Trait(key, name), Saying(one.at, one.uid, value))
            for one in said
            if one.traits
            for key in (UUID(one.customer_id),)
            for name, value in wire.decode_any(self._vault.open(key, FIELD, one.traits).encode()).items()
        ]

    def _change(
        self, before: Customer | None, blank: Customer, traits: Mapping[str, Value], now: datetime
    ) -> Change:
        customer = before or blank
        today = zones.day_of(now, self._timezone)
        setting = Setting(today, self._region, person=customer.kind == "individual")
        facts: dict[str, Any] = {}
        values: dict[str, str] = {}
        found: list[Finding] = []
        for field in FIELDS:
            raw = traits.get(field)
            if field in traits and raw is None:
                facts[field] = None
            elif isinstance(raw, str):
                outcome = read(field, raw, setting)
                found += findings(field, raw, outcome)
                if outcome.value is not None:
                    values[field] = outcome.value
        others = {name: value for name, value in traits.items() if name not in FIELDS}
        facts |= Personal(self._vault).sealed(customer, values)
        facts["attributes"] = customer_policy.patched(customer.attributes, others)
        return Change(before, customer_policy.revise(customer, facts), findings=tuple(found))


def _blank(one: Said, now: datetime) -> Customer:
    return Customer(
        UUID(one.customer_id),
        0,
        "enterprise" if one.role == "group" else "individual",
        one.source,
        one.external_id,
        created_at=now,
        updated_at=now,
        status="prospect" if one.role == "anonymous" else "active",
    )
