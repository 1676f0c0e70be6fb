"""The use cases of attachments. Other slices come in here; the tables stay behind it."""

from careloop_ticketing.attachments.models import AttachmentRow as Attachment
from careloop_ticketing.attachments.queries import own, shown
from careloop_ticketing.attachments.service.keeping import attach, detach, sweep
from careloop_ticketing.attachments.service.reading import content, find
from careloop_ticketing.attachments.service.receiving import Arrived, receiving

__all__ = [
    "Arrived",
    "Attachment",
    "attach",
    "content",
    "detach",
    "find",
    "own",
    "receiving",
    "shown",
    "sweep",
]
