"""The JetStream streams: who owns which subjects, for how long and how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from careloop_contracts import interaction

DUPLICATE_WINDOW: Final = timedelta(hours=2)
"""How long the broker remembers message ids: it spares traffic, the inbox gives exactness."""

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. Full means that publishers wait (discard new); nothing unread is dropped before its age."""

    name: str
    subjects: tuple[str, ...]
    owner: str
    max_age: timedelta
    max_bytes: int
    description: str


STREAMS: Final = (
    Stream(
        name="CARE_CUSTOMER",
        subjects=("care.*.customer.>",),
        owner="profile",
        max_age=timedelta(days=14),
        max_bytes=8 * _GIB,
        description="Customers, their consents and their activity",
    ),
    Stream(
        name="CARE_TICKET",
        subjects=("care.*.ticket.>",),
        owner="ticketing",
        max_age=timedelta(days=14),
        max_bytes=8 * _GIB,
        description="The life of tickets",
    ),
    Stream(
        name="CARE_CAMPAIGN",
        subjects=("care.*.campaign.>",),
        owner="campaign",
        max_age=timedelta(days=7),
        max_bytes=4 * _GIB,
        description="Care tasks and messages",
    ),
    Stream(
        name="CARE_SCORE",
        subjects=("care.*.score.>",),
        owner="scoring",
        max_age=timedelta(days=7),
        max_bytes=4 * _GIB,
        description="Scores and warnings",
    ),
    Stream(
        name=interaction.STREAM,
        subjects=("in.v1.>",),
        owner="profile",
        max_age=timedelta(days=7),
        max_bytes=8 * _GIB,
        description="Raw interactions on their way in",
    ),
    Stream(
        name="CARE_DLQ",
        subjects=("dlq.>",),
        owner="every consumer",
        max_age=timedelta(days=30),
        max_bytes=1 * _GIB,
        description="Copies of messages that no handler could take",
    ),
)

_BY_ENTITY = {
    "customer": "CARE_CUSTOMER",
    "ticket": "CARE_TICKET",
    "campaign": "CARE_CAMPAIGN",
    "score": "CARE_SCORE",
}


def stream_of(entity: str) -> Stream:
    """Return the stream that carries the events of an entity."""
    name = _BY_ENTITY[entity]
    return next(stream for stream in STREAMS if stream.name == name)


def subjects_of(
    entity: str, partitions: Sequence[int] | None = None, names: Sequence[str] = (">",)
) -> tuple[str, ...]:
    """Return the filter of a consumer: all versions of an entity's events, perhaps of some partitions or names only."""
    places = ["*"] if partitions is None else [f"{number:02d}" for number in partitions]
    return tuple(f"care.*.{entity}.{place}.{name}" for place in places for name in names)


def dead_letter_subject(service: str, durable: str) -> str:
    """Return where the copy of a dead letter goes."""
    return f"dlq.{service}.{durable}"
