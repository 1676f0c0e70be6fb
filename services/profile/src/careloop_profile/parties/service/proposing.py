"""What customers who became known or changed say of families and birthdays."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import ids, zones
from careloop_common.privacy import Vault
from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.customers import queries as customers
from careloop_profile.customers.personal import Personal
from careloop_profile.identity import queries as identity
from careloop_profile.identity.service import Candidates
from careloop_profile.parties.policy.families import Family, families
from careloop_profile.parties.queries import anniversaries
from careloop_profile.parties.queries import relations as queries

_BIRTHDAY: Final = "birthday"


def birthday_key(vault: Vault, month: int, day: int) -> str:
    """By what those are found who have birthday then; without the vault nobody tells one day from another."""
    return vault.blind_index(_BIRTHDAY, f"{month:02d}-{day:02d}")


class Listener:
    """Hears of customers."""

    def __init__(self, vault: Vault, household_most: int, timezone: str) -> None:
        self._vault, self._most, self._timezone = vault, household_most, timezone
        self._candidates, self._personal = Candidates(vault), Personal(vault)

    async def heard(self, session: AsyncSession, customer_ids: Collection[UUID], *, now: datetime) -> None:
        """Propose the families of these customers, and note their birthdays."""
        await presence.enter(session)
        await self._note_birthdays(session, customer_ids)
        await self._propose_families(session, customer_ids, now)

    async def _note_birthdays(self, session: AsyncSession, customer_ids: Collection[UUID]) -> None:
        found = await customers.load(session, sorted(customer_ids))
        born = {key: self._personal.opened(customer, "birth_date") for key, customer in found.items()}
        keys = {
            key: birthday_key(self._vault, int(date[5:7]), int(date[8:10]))
            for key, date in born.items()
            if date
        }
        await anniversaries.set_birthdays(session, keys, [key for key in born if key not in keys])

    async def _propose_families(
        self, session: AsyncSession, customer_ids: Collection[UUID], now: datetime
    ) -> None:
        groups = await identity.sharing(session, customer_ids, self._most)
        groups = [holders for holders in groups if len(holders) <= self._most]
        if not groups:
            return
        everybody = list(set().union(*groups))
        found = await customers.load(session, everybody)
        oldest = sorted(found.values(), key=lambda one: (one.created_at, one.customer_id))
        candidates = {one.customer_id: self._candidates.of(one) for one in oldest}
        kin = await customers.kin(session, everybody)
        proposals: dict[tuple[UUID, UUID], Family] = {}
        for holders in groups:
            people = [candidate for key, candidate in candidates.items() if key in holders]
            for family in families(people, self._most):
                ends = [kin[key].person_id if key in kin else key for key in (family.one, family.other)]
                if ends[0] != ends[1]:
                    proposals.setdefault((min(ends), max(ends)), family)
        if proposals:
            await queries.hold(session, sorted({key for pair in proposals for key in pair}))
            rows = [
                (ids.new_id(), *pair, "proposed", family.evidence)
                for pair, family in sorted(proposals.items())
            ]
            day = zones.day_of(now, self._timezone)
            await queries.propose(session, rows, day=day, now=now, by=SYSTEM.id)
