"""Which channel a message came by: what the channel's row says of such messages, not what a program knows of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Match = Mapping[str, Sequence[str]]
"""Paths into what a message says of its origin (`device.type`), each with the values that fit, in any case; `*` stands for
anything. All paths must fit."""
_REMEMBERED = 2000


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as intake needs it. `kinds` says what the kinds of its own system are called here."""

    code: str
    rank: int = 100
    matches: Sequence[Match] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)


class Channels:
    """The channels that are in use, and which of them a message came by. The lowest rank that fits is taken."""

    def __init__(self, channels: Iterable[Channel] = ()) -> None:
        ordered = sorted(channels, key=lambda one: (one.rank, one.code))
        self._by_code = {one.code: one for one in ordered}
        self.codes = frozenset(self._by_code)
        self._matches = [
            (one, {path: [_parts(value) for value in values] for path, values in match.items()})
            for one in ordered
            for match in one.matches
        ]
        self._paths = sorted({path for _, match in self._matches for path in match})
        self._found: dict[tuple[str, ...], Channel | None] = {}

    def of(self, named: object, origin: Mapping[str, Any]) -> Channel | None:
        """The channel that the message names or, if it names none, the one that its origin speaks for."""
        if named is not None:
            return self._by_code.get(named) if isinstance(named, str) else None
        key = tuple(_value(origin, path) for path in self._paths)
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = self._match(dict(zip(self._paths, key, strict=True)))
        return self._found[key]

    def _match(self, values: Mapping[str, str]) -> Channel | None:
        for channel, match in self._matches:
            if all(any(_fits(values[path], one) for one in patterns) for path, patterns in match.items()):
                return channel
        return None


def _parts(value: str) -> list[str]:
    return value.casefold().split("*")


def _fits(text: str, parts: Sequence[str]) -> bool:
    """Whether the text has these parts, the first at its beginning and the last at its end, and anything in between.

    Each part is taken where it comes first, so nothing is looked at twice, whatever senders make up.
    """
    if len(parts) == 1:
        return text == parts[0]
    first, *inner, last = parts
    place, end = len(first), len(text) - len(last)
    if end < place or not text.startswith(first) or not text.endswith(last):
        return False
    for part in inner:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _value(origin: Mapping[str, Any], path: str) -> str:
    """What stands at the path, if it is a text."""
    found: Any = origin
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found.casefold() if isinstance(found, str) else ""
