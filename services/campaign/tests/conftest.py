from datetime import UTC, datetime
from uuid import UUID

import pytest
from careloop_campaign.delivery.transport import Envelope


@pytest.fixture(scope="session")
def make_envelope():
    def make(number=1, **overrides):
        return Envelope(
            **{
                "message_id": UUID(int=number),
                "channel": "email",
                "address": f"customer{number}@example.com",
                "subject": "我们想为您多做一点",
                "text": "王小明，您好！\n\n.第二段以点开头",
                "html": "<p>王小明，您好！</p>",
                "language": "zh",
                "at": datetime(2026, 6, 1, 4, tzinfo=UTC),
                "headers": {
                    "List-Unsubscribe": "<https://care.example/v1/unsubscribe?token=a.b>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                },
                **overrides,
            }
        )

    return make
