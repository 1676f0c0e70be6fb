"""What the ledger shows to people: rows with a masked address, and counts."""

from collections import Counter
from datetime import datetime

from careloop_common.disclosure import disclosed
from careloop_common.errors import SealBroken
from careloop_common.privacy import Vault, mask_email, mask_phone
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.contact.policy import Channel, Purpose, Reason
from careloop_campaign.messages import queries
from careloop_campaign.messages.models import Message
from careloop_campaign.messages.policy import State
from careloop_campaign.messages.schemas import MessageSummary, MessageView

FINAL = {
    State.ACCEPTED: "sent",
    State.WITHHELD: "withheld",
    State.FAILED: "failed",
    State.UNKNOWN: "unknown",
}


def view(row: Message, vault: Vault, *, masked: bool) -> MessageView:
    return MessageView.model_validate({**row.model_dump(), "contact": _contact(row, vault, masked=masked)})


async def summary(session: AsyncSession, since: datetime | None) -> MessageSummary:
    outcomes: Counter[str] = Counter()
    withheld: Counter[Reason] = Counter()
    deferred: Counter[Reason] = Counter()
    sent: Counter[Purpose] = Counter()
    for purpose, state, reason, number in await queries.counts(session, since):
        outcomes[FINAL.get(State(state), "waiting")] += number
        if state == State.ACCEPTED:
            sent[Purpose(purpose)] += number
        elif reason and state == State.WITHHELD:
            withheld[Reason(reason)] += number
        elif reason and state == State.DEFERRED:
            deferred[Reason(reason)] += number
    return MessageSummary(
        planned=outcomes.total(),
        waiting=outcomes["waiting"],
        **{name: outcomes[name] for name in FINAL.values()},
        withheld_by_reason=withheld,
        deferred_by_reason=deferred,
        sent_by_purpose=sent,
    )


def _contact(row: Message, vault: Vault, *, masked: bool) -> str | None:
    if row.address is None:
        return None
    email = row.channel == Channel.EMAIL
    try:
        address = vault.open(row.customer_id, "email" if email else "phone", row.address)
    except SealBroken:  # erased since
        return None
    if not masked:
        disclosed(row.customer_id, "email" if email else "phone")
        return address
    return mask_email(address) if email else mask_phone(address)
