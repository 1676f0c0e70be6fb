from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from careloop_common import subject_keys
from careloop_common.errors import DomainError
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import policy, queries
from careloop_profile.customers.errors import CustomerErased
from careloop_profile.customers.personal import Personal
from careloop_profile.customers.policy import Consent, Customer, Subscription
from careloop_profile.customers.service import Change, store
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.plan import Plan
from careloop_profile.imports.policy.rows import Draft


@dataclass(frozen=True, slots=True)
class Written:
    created: int
    updated: int
    unchanged: int
    refused: tuple[tuple[int, str], ...]
    """Lines that do not go together with what is known of their customer, and why."""


async def upsert(
    session: AsyncSession,
    vault: Vault,
    plan: Plan,
    drafts: list[tuple[int, Draft]],
    *,
    job: ImportRow,
    now: datetime,
) -> Written:
    """Make the drafts customers, or add to customers what the drafts know. Keys must not repeat."""
    ids = [customer_id_of(plan.source, draft.external_id) for _, draft in drafts]
    known = await queries.load(session, ids, lock=True)
    erased = await subject_keys.ensure(session, [one for one in ids if one not in known])
    said_at = job.started_at or now
    changes: list[Change] = []
    refused: list[tuple[int, str]] = []
    for (line, draft), customer_id in zip(drafts, ids, strict=True):
        if customer_id in erased:
            refused.append((line, CustomerErased.code))
            continue
        try:
            changes.append(_change(vault, plan, draft, customer_id, known.get(customer_id), said_at))
        except DomainError as error:
            refused.append((line, error.code))
    await store(session, changes, now=now, recorded_by=f"import:{job.id}")
    created = sum(change.before is None for change in changes)
    updated = sum(change.real for change in changes) - created
    return Written(created, updated, len(changes) - created - updated, tuple(refused))


def _change(
    vault: Vault,
    plan: Plan,
    draft: Draft,
    customer_id: UUID,
    before: Customer | None,
    said_at: datetime,
) -> Change:
    customer = before or Customer(
        customer_id, 0, "individual", plan.source, draft.external_id, created_at=said_at, updated_at=said_at
    )
    facts = draft.facts | Personal(vault).sealed(customer, draft.personal)
    if draft.care_flags:
        facts["care_flags"] = tuple(dict.fromkeys((*customer.care_flags, *draft.care_flags)))
    if draft.do_not_disturb is not None:
        # A file may be older than what the customer said since: it can only make us quieter.
        facts["do_not_disturb"] = customer.do_not_disturb or draft.do_not_disturb
    words = tuple(_news(customer, draft, said_at))
    subscriptions = [_subscription(customer, draft.subscription)] if draft.subscription else []
    after = policy.enrich(customer, facts, draft.attributes, subscriptions=subscriptions, words=words)
    return Change(before, after, words, tuple(draft.findings))


def _news(customer: Customer, draft: Draft, said_at: datetime) -> list[Consent]:
    """The consents of the file that say something new, and nothing that the customer took back."""
    known = {word.about: word.granted for word in customer.consents}
    stated: dict[tuple[str, str], bool] = {}
    for purpose, channel, granted in draft.consents:
        stated[purpose, channel] = granted
    return [
        Consent(purpose, channel, "granted" if granted else "denied", said_at)  # type: ignore[arg-type]
        for (purpose, channel), granted in stated.items()
        if (purpose, channel) not in known or (known[purpose, channel] and not granted)
    ]


def _subscription(customer: Customer, facts: dict[str, Any]) -> Subscription:
    """A file has one subscription per customer and no id for it: its product tells it from others."""
    subscription_id = uuid5(customer.customer_id, facts["product"])
    held = next((item for item in customer.subscriptions if item.subscription_id == subscription_id), None)
    fresh = Subscription(subscription_id, **facts)
    return fresh if held is None else replace(held, **facts)
