"""Customers whom a message calls the same are one person, as far as the guards of identity have nothing against it.

A device that two people use has one anonymous id: it stays with the one who said first that it is his.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.collection import policy
from careloop_profile.collection.metrics import LINKED
from careloop_profile.collection.wire import Said
from careloop_profile.customers import queries as customers
from careloop_profile.customers.policy import Customer
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.identity import service as identity
from careloop_profile.identity.errors import NotMergeable
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service import Candidates, Grounds

_REASONS = {
    "segment_identify": "a message said who was behind an anonymous id",
    "segment_alias": "a message said that two ids are the same",
}


class Linker:
    """Merges whom messages call the same."""

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    async def wait(self, session: AsyncSession) -> None:
        """Wait for whoever changes persons: he locks customers after that, and so must we."""
        await identity.hold(session, [])

    async def strangers(
        self, session: AsyncSession, links: Sequence[Said], heard: Collection[UUID], now: datetime
    ) -> dict[UUID, Customer]:
        """Those who are called the same as somebody and of whom nobody has `heard`; they are visitors, as far as we know."""
        possible = {one: _possible(one) for one in {(each.source, each.other, each.rule) for each in links}}
        ids = [key for keys in possible.values() for key in keys]
        known = await customers.known(session, ids) | set(heard) if ids else set()
        return {
            keys[0]: _visitor(keys[0], source, other, now)
            for (source, other, _), keys in possible.items()
            if not known.intersection(keys)
        }

    async def link(self, session: AsyncSession, one: Said, *, now: datetime) -> None:
        """Take the two for one person, unless the other is somebody else's already."""
        user = UUID(one.customer_id)
        possible = _possible((one.source, one.other, one.rule))
        known = await customers.known(session, possible)
        other = next((key for key in possible if key in known), None)
        if other is None:  # erased
            return
        kin = await customers.kin(session, [other])
        if user == other or user in kin:
            return
        members = await customers.load(session, list(kin))
        owners = {key for key, member in members.items() if member.source == one.source}
        if owners - {other}:
            LINKED.labels("somebody_elses").inc()
            return
        grounds = Grounds(Method.DETERMINISTIC, one.rule, _REASONS[one.rule])
        try:
            await identity.merge(session, self._candidates, user, other, grounds, now=now, actor=SYSTEM)
        except NotMergeable as refused:
            LINKED.labels(str(refused.extra["refusal"])).inc()
        else:
            LINKED.labels("merged").inc()


def _possible(about: tuple[str, str, str]) -> list[UUID]:
    """Who may be meant: a visitor; an alias may also be another name of a user."""
    source, other, rule = about
    visitor = customer_id_of(policy.record_of(source, "anonymous"), other)
    return [visitor, customer_id_of(source, other)] if rule == "segment_alias" else [visitor]


def _visitor(key: UUID, source: str, external_id: str, now: datetime) -> Customer:
    return Customer(
        key,
        0,
        "individual",
        policy.record_of(source, "anonymous"),
        external_id,
        created_at=now,
        updated_at=now,
        status="prospect",
    )
