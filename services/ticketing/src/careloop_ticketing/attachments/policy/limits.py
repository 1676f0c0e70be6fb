"""What files are for, and how much of them there may be."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from careloop_ticketing.attachments.errors import TooManyAttachments

MIB: Final = 1 << 20
LARGEST: Final = 20 * MIB
"""One file: an hour of a telephone call, or a photo in full. The gateway's route table has the same figure."""
MOST: Final = 50
"""Files of one ticket."""
MOST_BYTES: Final = 200 * MIB
"""All files of one ticket together."""
LOOSE: Final = timedelta(hours=1)
"""How long a file without an attachment stays: far longer than any request, and long enough for a backup that runs."""


class Purpose(StrEnum):
    """What a file is for."""

    EVIDENCE = "evidence"
    INVOICE = "invoice"
    RECORDING = "recording"
    PHOTO = "photo"
    OTHER = "other"


def refuse_more(count: int, size: int, *, new: int) -> None:
    """`TooManyAttachments` if a ticket with so many files of so many bytes has no room for a new one."""
    if count >= MOST:
        raise TooManyAttachments(f"The ticket has {MOST} attachments already.", limit=MOST)
    if size + new > MOST_BYTES:
        raise TooManyAttachments(
            f"The attachments would have more than {MOST_BYTES} bytes.", limit=MOST_BYTES
        )
