"""What is wrong with a chain, told by its places."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from careloop_ticketing.tickets.chain import START, UNKEYED, Chain, Entry


class Kept(NamedTuple):
    """An entry as it is stored."""

    entry: Entry
    key_id: str
    hash: bytes


class Mark(NamedTuple):
    """What an anchor says of a ticket: its last entry then, and that one's hash."""

    anchor: int
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that does not verify."""

    ticket_id: UUID | None
    seq: int | None
    problem: str

    def __str__(self) -> str:
        place = f"ticket {self.ticket_id}" if self.ticket_id else "anchors"
        return f"{place}{'' if self.seq is None else f' {self.seq}'}: {self.problem}"


def broken(
    chain: Chain, ticket_id: UUID, version: int, head: bytes, entries: Iterable[Kept], marks: Iterable[Mark]
) -> Iterator[Broken]:
    """Every place where a ticket's history does not fit; nothing if it is whole."""
    marked = list(marks)
    unkeyed_until = max((mark.seq for mark in marked if mark.anchor == 1), default=0)
    expected: dict[int, Mark] = {mark.seq: mark for mark in marked}
    seq, previous = 0, START

    def at(place: int, problem: str) -> Broken:
        return Broken(ticket_id, place, problem)

    for kept in entries:
        if kept.entry.seq != seq + 1:
            yield at(seq + 1, "is missing")
        seq = kept.entry.seq
        if kept.key_id == UNKEYED and seq > unkeyed_until:
            yield at(seq, "has no keyed hash, though it is younger than the first anchor")
        hashed = chain.hash(previous, kept.entry, kept.key_id)
        if hashed is None:
            yield at(seq, f"was hashed under the key {kept.key_id!r}, which the ring does not have")
        elif hashed != kept.hash:
            yield at(seq, "does not fit: it, or what came before it, was changed")
        previous = kept.hash
        mark = expected.pop(seq, None)
        if mark and mark.hash != kept.hash:
            yield at(seq, f"is not what anchor {mark.anchor} holds")
    if seq != version or previous != head:
        yield at(
            seq + 1 if seq < version else seq, f"the ticket's head is at {version}, its history ends at {seq}"
        )
    for mark in expected.values():
        yield at(mark.seq, f"is missing, though anchor {mark.anchor} holds it")


def contradicted(seen: Mapping[int, bytes], told: Mapping[int, Collection[bytes]]) -> Iterator[Broken]:
    """The anchors that were told otherwise than they are stored, or told and are gone."""
    for number in sorted(told):
        if number not in seen:
            yield Broken(None, number, "is gone, though the stream holds it")
        elif set(told[number]) != {seen[number]}:
            yield Broken(None, number, "is not the one that the stream holds")


def stored(row: tuple[Any, ...], load: Any) -> Kept:
    """A row of ticket_history with its JSON as text."""
    ticket_id, seq, fact, at, actor_id, actor_kind, before, after, key_id, hashed = row
    entry = Entry(ticket_id, seq, fact, at, actor_id, actor_kind, load(before), load(after))
    return Kept(entry, key_id, hashed)
