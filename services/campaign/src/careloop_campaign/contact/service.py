"""The contact policy in force, what is known about people, unsubscribes, and the lock on a person's budget."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from careloop_common import zones
from careloop_common.errors import VersionMismatch
from careloop_common.tokens import Actor
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_campaign.audience import service as audience
from careloop_campaign.audience.policy import BlockRecord, Member, QuietPreference
from careloop_campaign.complaints import service as complaints
from careloop_campaign.contact import policy
from careloop_campaign.contact.errors import TimezoneUnknown
from careloop_campaign.contact.models import ANY, ContactBudget, ContactPolicy, Suppression
from careloop_campaign.contact.schemas import ContactPolicyDocument, ContactPolicyView


@dataclass(frozen=True, slots=True)
class InForce:
    """The current version, in the terms in which the other slices decide."""

    version: int
    rules: policy.Rules
    callback: timedelta
    episode: timedelta


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer as the rules see them, and as the replica has them."""

    person: policy.Person
    member: Member


async def current(session: AsyncSession) -> ContactPolicyView:
    """The newest version; version 0 is the default that nobody has changed yet."""
    row = await session.scalar(select(ContactPolicy).order_by(col(ContactPolicy.version).desc()).limit(1))
    if row is None:
        return ContactPolicyView(version=0, created_at=None, created_by=None, policy=ContactPolicyDocument())
    return _view(row)


async def in_force(session: AsyncSession) -> InForce:
    view = await current(session)
    document = view.policy
    quiet = document.quiet_hours
    return InForce(
        version=view.version,
        rules=policy.Rules(
            caps=tuple(policy.Cap(timedelta(hours=c.hours), c.care, c.marketing) for c in document.caps),
            quiet_hours=policy.QuietHours(quiet.start, quiet.end) if quiet else None,
            zone=ZoneInfo(document.timezone),
            channels=tuple(document.channels),
            hold_for_complaints=document.hold_for_complaints,
        ),
        callback=timedelta(seconds=document.callback_seconds),
        episode=timedelta(seconds=document.episode_seconds),
    )


async def replace(
    session: AsyncSession,
    document: ContactPolicyDocument,
    *,
    expected: int | None,
    actor: Actor,
    now: datetime,
) -> ContactPolicyView:
    """Put a new version in force. It counts from the next decision on, for what is already planned too."""
    if _zone(document.timezone) is None:
        raise TimezoneUnknown(f"There is no time zone {document.timezone!r}.", pointer="/timezone")
    await session.execute(text("LOCK TABLE contact_policy IN SHARE ROW EXCLUSIVE MODE"))
    version = (await current(session)).version
    if expected is not None and expected != version:
        raise VersionMismatch(f"The stored version is {version}.", current_version=version)
    row = ContactPolicy(
        version=version + 1,
        document=document.model_dump(mode="json"),
        created_by=actor.id,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return _view(row)


async def contacts(session: AsyncSession, customer_ids: Collection[UUID]) -> dict[UUID, Contact]:
    """What deciding needs to know of those of the customers that are known here."""
    members = await audience.members(session, customer_ids)
    complaining = await complaints.complaining(session, customer_ids)
    suppressions: dict[UUID, list[policy.Suppression]] = {}
    for row in await session.scalars(
        select(Suppression).where(col(Suppression.customer_id).in_(set(customer_ids)))
    ):
        suppressions.setdefault(row.customer_id, []).append(row.to_suppression())
    return {
        customer_id: Contact(
            _person(member, suppressions.get(customer_id, ()), customer_id in complaining), member
        )
        for customer_id, member in members.items()
    }


async def suppress(
    session: AsyncSession,
    customer_id: UUID,
    *,
    purpose: str | None,
    channel: str | None,
    source: str,
    now: datetime,
) -> None:
    """Record an unsubscribe. Saying it again moves its time forward, past any consent granted in between."""
    row = {
        "customer_id": customer_id,
        "purpose": purpose or ANY,
        "channel": channel or ANY,
        "source": source,
        "at": now,
    }
    statement = insert(Suppression).values(row)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["customer_id", "purpose", "channel"],
            set_={
                "at": func.greatest(col(Suppression.at), statement.excluded["at"]),
                "source": statement.excluded["source"],
            },
        )
    )


async def lock_budgets(session: AsyncSession, customer_ids: Collection[UUID]) -> None:
    """Hold the budgets of these people until the transaction ends: nobody else takes a slot of theirs meanwhile."""
    wanted = sorted(set(customer_ids))
    if not wanted:
        return
    await session.execute(
        insert(ContactBudget).values([{"customer_id": i} for i in wanted]).on_conflict_do_nothing()
    )
    await session.execute(
        select(ContactBudget.customer_id)
        .where(col(ContactBudget.customer_id).in_(wanted))
        # One order for everybody: two senders with overlapping people wait, and never for each other.
        .order_by(col(ContactBudget.customer_id))
        .with_for_update()
    )


def _view(row: ContactPolicy) -> ContactPolicyView:
    return ContactPolicyView(
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        policy=ContactPolicyDocument.model_validate(row.document),
    )


def _person(member: Member, suppressions: Collection[policy.Suppression], complaining: bool) -> policy.Person:
    preference = member.quiet_hours
    return policy.Person(
        addresses=frozenset(
            channel
            for channel, address in ((policy.Channel.SMS, member.phone), (policy.Channel.EMAIL, member.email))
            if address
        ),
        left=member.status == "left",
        do_not_disturb=member.do_not_disturb,
        quiet_hours=_span(preference) if preference else None,
        zone=_zone(preference.timezone) if preference else None,
        also_quiet=tuple((_span(one), _zone(one.timezone)) for one in member.also_quiet),
        blocks=tuple(_block(one) for one in member.blocks),
        consents=_latest(member),
        suppressions=tuple(suppressions),
        open_complaint=complaining,
        automated_decisions=member.automated_decisions,
    )


def _latest(member: Member) -> dict[tuple[policy.Purpose, policy.Channel], policy.Consent]:
    consents: dict[tuple[policy.Purpose, policy.Channel], policy.Consent] = {}
    for record in sorted(member.consents, key=lambda c: c.at):
        key = policy.Purpose(record.purpose), policy.Channel(record.channel)
        consents[key] = policy.Consent(record.granted, record.at, record.expires_at)
    return consents


def _span(quiet: QuietPreference) -> policy.QuietHours:
    return policy.QuietHours(quiet.start, quiet.end, quiet.weekdays)


def _block(known: BlockRecord) -> policy.Block:
    channel = policy.Channel(known.channel) if known.channel else None
    if known.hours is None:
        return policy.Block(channel, until=known.until)
    return policy.Block(channel, _span(known.hours), _zone(known.hours.timezone), known.until)


def _zone(name: str) -> tzinfo | None:
    try:
        return zones.zone(name)
    except ValueError:
        return None
