"""Two times matter of a word: when it was said, and when we came to know of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_profile.customers.policy import Consent, bound_words

About = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger."""

    entry_id: UUID
    customer_id: UUID
    word: Consent
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What is in force about one purpose and channel, and the entry that makes it so."""

    word: Consent
    entry: Entry


def replayed(entries: Iterable[Entry], *, at: datetime, known_at: datetime) -> list[Entry]:
    """Of each customer the latest entry about each thing, of what had been said by `at` and was known by `known_at`."""
    latest: dict[tuple[UUID, About], Entry] = {}
    for entry in entries:
        if entry.word.at > at or entry.recorded_at > known_at:
            continue
        key = entry.customer_id, entry.word.about
        if key not in latest or entry.word.place > latest[key].word.place:
            latest[key] = entry
    return [latest[key] for key in sorted(latest)]


def decided(
    customer_id: UUID, latest: Iterable[Entry], since: Mapping[UUID, datetime], *, at: datetime
) -> dict[About, Decided]:
    """What binds a customer at an instant: their own words, and what was refused by those who are one with them `since`."""
    standing = [(entry.word.on(at), entry) for entry in latest]
    own = [word for word, entry in standing if entry.customer_id == customer_id]
    elsewhere = [(word, since[entry.customer_id]) for word, entry in standing if entry.customer_id in since]
    words = bound_words(own, elsewhere)
    own_last = sorted(standing, key=lambda one: (one[1].customer_id == customer_id, one[1].entry_id))
    entries = dict(own_last)
    return {word.about: Decided(word, entries[word]) for word in words}
