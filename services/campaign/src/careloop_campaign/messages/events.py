from datetime import datetime

from careloop_contracts import MessageFailedV1, MessageSentV1, MessageWithheldV1

from careloop_campaign.contact.policy import Channel, Reason
from careloop_campaign.messages.models import Message


def sent(row: Message, now: datetime) -> MessageSentV1:
    return MessageSentV1.model_validate({**_common(row), "sent_at": now})


def withheld(row: Message, reason: Reason, now: datetime) -> MessageWithheldV1:
    return MessageWithheldV1.model_validate({**_common(row), "reason": reason.value, "withheld_at": now})


def failed(row: Message, error: str, now: datetime) -> MessageFailedV1:
    return MessageFailedV1.model_validate({**_common(row), "error": error, "failed_at": now})


def _common(row: Message) -> dict[str, object]:
    return {
        "message_id": row.message_id,
        "customer_id": row.customer_id,
        "purpose": row.purpose,
        # One that was withheld before a channel was found is filed under the first that would have been tried.
        "channel": row.channel or Channel.EMAIL.value,
        "template": row.template,
        "reference": row.reference,
    }
