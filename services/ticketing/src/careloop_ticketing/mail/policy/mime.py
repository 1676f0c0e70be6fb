"""A message as a tree of parts: places in its bytes, found without copying them and without recursion into what never ends.

A reader of our own: that of the standard library looks at every line of every part once for each part around it, so that
20 MiB of the right lines take it minutes; here all is done by searching, a bounded number of times.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from careloop_ticketing.mail.policy.headers import Headers, base64, fields, valued

DEEPEST: Final = 10
"""Parts within parts; what is deeper is looked at as a file."""
MOST: Final = 300
"""Parts of one message; what comes after them is not seen."""
_HEAD: Final = 256 << 10
_FIELDS: Final = fields(
    *(
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "return-path",
    ),
    *("subject", "date", "received", "message-id", "in-reply-to", "references"),
    *("auto-submitted", "precedence", "x-auto-response-suppress", "list-id", "authentication-results"),
    *("content-type", "content-disposition", "content-transfer-encoding"),
)
_CARRIERS: Final = frozenset({"message/rfc822", "message/global", "text/rfc822-headers"})
_END_OF_HEAD: Final = re.compile(rb"\n\r?\n")


@dataclass(slots=True)
class _Room:
    """For how many more parts of a message there is room."""

    left: int = MOST


@dataclass(frozen=True)
class Part:
    """A part of a message: where its head and its body are, and the parts that the body is made of."""

    data: bytes = field(repr=False)
    begin: int
    end: int
    depth: int = 0
    room: _Room = field(default_factory=_Room, repr=False, compare=False)

    @cached_property
    def _body(self) -> int:
        """Where the body begins."""
        found = _END_OF_HEAD.search(self.data, max(0, self.begin - 1), self.end)
        return found.end() if found else self.end

    @cached_property
    def headers(self) -> Headers:
        return Headers(self.data[self.begin : min(self._body, self.begin + _HEAD)], _FIELDS)

    @cached_property
    def _type(self) -> tuple[str, Mapping[str, str]]:
        return valued(self.headers.first("content-type"))

    @property
    def media_type(self) -> str:
        return self._type[0] if "/" in self._type[0] else "text/plain"

    @property
    def parameters(self) -> Mapping[str, str]:
        return self._type[1]

    @cached_property
    def disposition(self) -> tuple[str, Mapping[str, str]]:
        return valued(self.headers.first("content-disposition"))

    @property
    def carries_message(self) -> bool:
        return self.media_type in _CARRIERS

    @property
    def name(self) -> str | None:
        """What the file is called, if it is one."""
        return self.disposition[1].get("filename") or self.parameters.get("name") or None

    @property
    def is_file(self) -> bool:
        return self.disposition[0] == "attachment" or self.name is not None

    @cached_property
    def _encoding(self) -> str:
        return valued(self.headers.first("content-transfer-encoding"))[0]

    @property
    def size(self) -> int:
        """Of the body as it was sent."""
        return self.end - self._body

    @property
    def raw(self) -> bytes:
        """The body as it was sent."""
        return self.data[self._body : self.end]

    def content(self, most: int | None = None) -> bytes:
        """The decoded body, or what its first `most` bytes say."""
        end = self.end if most is None else min(self.end, self._body + most)
        raw = self.data[self._body : end]
        match self._encoding:
            case "base64":
                return base64(raw)
            case "quoted-printable":
                return binascii.a2b_qp(raw)
            case _:
                return raw

    @cached_property
    def parts(self) -> tuple["Part", ...]:
        """Those that it is made of: none of a leaf, and the message of one that carries another."""
        if self.depth >= DEEPEST:
            return ()
        if self.carries_message:
            if self._encoding in {"base64", "quoted-printable"}:
                inner = self.content()
                return (Part(inner, 0, len(inner), self.depth + 1, self.room),)
            return (Part(self.data, self._body, self.end, self.depth + 1, self.room),)
        boundary = self.parameters.get("boundary", "")
        if not self.media_type.startswith("multipart/") or not 0 < len(boundary) <= 200:
            return ()
        return tuple(self._between(boundary.encode("utf-8", "replace")))

    def _between(self, boundary: bytes) -> Iterator["Part"]:
        line = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
        begin: int | None = None
        for found in line.finditer(self.data, max(0, self._body - 1), self.end):
            if begin is not None:
                yield self._part(begin, found.start())
            begin = found.end() + 1
            if found[1] or self.room.left <= 0:
                return
        if (
            begin is not None and begin < self.end
        ):  # The end was cut off: what there is of the last one is read.
            yield self._part(begin, self.end)

    def _part(self, begin: int, end: int) -> "Part":
        self.room.left -= 1
        if end > begin and self.data[end - 1] == 0x0D:
            end -= 1
        return Part(self.data, min(begin, end), end, self.depth + 1, self.room)


def message(data: bytes) -> Part:
    """The whole message, with or without the line that mailboxes and pipes put in front of it."""
    begin = len(data) - len(data.lstrip(b"\r\n"))
    if data.startswith(b"From ", begin):
        begin = data.find(b"\n", begin) + 1 or len(data)
    return Part(data, begin, len(data))


def walk(part: Part) -> Iterator[Part]:
    """The part and all that are in it, in order."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.parts))
