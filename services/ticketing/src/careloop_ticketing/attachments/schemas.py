from datetime import datetime
from uuid import UUID

from careloop_common.schemas import View

from careloop_ticketing.attachments.policy.limits import Purpose


class AttachmentView(View):
    id: UUID
    ticket_id: UUID
    """The ticket that it was added to: this one, or one that was merged into it."""
    name: str
    media_type: str
    size: int
    sha256: str
    purpose: Purpose
    added_by: str
    added_at: datetime


class AttachmentsView(View):
    items: list[AttachmentView]
