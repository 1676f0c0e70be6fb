"""What a message says, as far as tickets are concerned. No bytes make this fail but those that are no message at all."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from careloop_ticketing.mail.errors import MailUnreadable
from careloop_ticketing.mail.policy import automatic, headers, markup, mime, quoting
from careloop_ticketing.mail.policy.automatic import Ignored
from careloop_ticketing.mail.policy.charsets import cleaned, text_of
from careloop_ticketing.mail.policy.headers import Headers
from careloop_ticketing.mail.policy.mime import Part

MARK: Final = "\n[…]"
"""Where a text was cut off."""
_LONGEST_BODY: Final = 1 << 20
_LONGEST_TEXT: Final = 100_000
_GLANCE: Final = 4096
_REFERENCES: Final = 50
_PAST: Final = timedelta(days=7)
_ENOUGH: Final = ("from", "subject", "date", "received", "message-id", "to")
"""A message has one of these fields at least."""
_RECIPIENTS: Final = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
_SIGNATURES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_META: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)
_STATUS: Final = headers.fields("action", "status")


@dataclass(frozen=True, slots=True)
class Mail:
    key: str
    """The same for every delivery of this message."""
    message_id: str | None
    sender: str | None
    subject: str
    text: str
    """All of it, with the texts of messages that it carries."""
    own: str
    """What the sender wrote: without quotations and signature."""
    references: tuple[str, ...]
    """Ids of the messages that it answers, the nearest first."""
    recipients: tuple[str, ...]
    received_at: datetime | None
    files: tuple[Part, ...]
    ignored: Ignored | None
    silent: bool
    """Whether the sender asks for no automatic answer, or cannot be given one."""
    doubtful: bool
    """Whether our own server does not believe who sent it."""
    bounced: str | None
    """The id of the message that did not arrive."""


@dataclass(slots=True)
class _Contents:
    """What the parts of a message are to whoever reads it."""

    texts: list[Part] = field(default_factory=list)
    carried: list[tuple[str, list[Part]]] = field(default_factory=list)
    """Subjects and texts of messages inside of it."""
    files: list[Part] = field(default_factory=list)

    def add(self, other: "_Contents") -> None:
        self.texts += other.texts
        self.carried += other.carried
        self.files += other.files


class _Reader:
    """Reads texts, all of them together no further than a ticket could ever take in."""

    def __init__(self) -> None:
        self._bytes, self._characters = _LONGEST_BODY, _LONGEST_TEXT

    def text(self, parts: Iterable[Part]) -> str:
        found = []
        for part in parts:
            if self._bytes > 0 and self._characters > 0:
                found.append(_text(part, self._bytes, self._characters))
                self._bytes -= part.size
                self._characters -= len(found[-1])
        return "\n\n".join(filter(None, found))


def read(data: bytes, *, ours: Collection[str] = ()) -> Mail:
    """The message; `MailUnreadable` if there is none. What comes from `ours`, our own addresses, is ignored."""
    whole = mime.message(data)
    head = whole.headers
    if not any(name in head for name in _ENOUGH):
        raise MailUnreadable
    sender = headers.address(head.first("from")) or headers.address(head.first("sender"))
    message_id = next(iter(headers.message_ids(head.first("message-id"))), None)
    why = automatic.ignored(
        head, whole.media_type, whole.parameters.get("report-type", "").lower(), ours=ours
    )
    found = _contents(whole) if why is None else _Contents()
    reader = _Reader()
    text = reader.text(found.texts)
    carried = [f"[{about}]\n{reader.text(parts)}".strip() for about, parts in found.carried]
    return Mail(
        key=_key(whole, message_id, sender),
        message_id=message_id,
        sender=sender,
        subject=subject_of(head),
        text="\n\n".join(filter(None, (text, *carried))),
        own=quoting.own_words(text) or "\n\n".join(carried),
        references=tuple(_references(head)),
        recipients=tuple(
            one for name in _RECIPIENTS for to in head.all(name) for one in headers.addresses(to)
        ),
        received_at=_received(head),
        files=tuple(found.files),
        ignored=why,
        silent=sender is None or automatic.asks_for_silence(head),
        doubtful="dmarc=fail" in head.first("authentication-results").replace(" ", "").lower(),
        bounced=_bounced(whole) if why is Ignored.BOUNCE else None,
    )


def subject_of(head: Headers) -> str:
    return re.sub(r"\s+", " ", headers.words(head.first("subject"))).strip()


def cut(text: str, most: int) -> str:
    """The text, if need be without its end and with a mark there."""
    return text if len(text) <= most else text[: most - len(MARK)] + MARK


def written_at(mail: Mail, *, now: datetime) -> datetime:
    """When it came in, as far as that can be believed: an old date may be a clock that is wrong, or somebody's wish."""
    at = mail.received_at
    return at if at is not None and now - _PAST <= at <= now else now


def _key(whole: Part, message_id: str | None, sender: str | None) -> str:
    """The sender is a part of it: who knows an id beforehand cannot have the message itself taken for known."""
    if message_id:
        return f"id\0{sender}\0{message_id}"
    said = hashlib.sha256(whole.raw).hexdigest()
    return "\0".join(("body", str(sender), whole.headers.first("date"), whole.headers.first("subject"), said))


def _contents(part: Part) -> _Contents:
    found = _Contents()
    if not part.parts:
        if _is_text(part):
            found.texts.append(part)
        elif part.media_type not in _SIGNATURES:
            found.files.append(part)
        return found
    inside = [_contents(one) for one in part.parts]
    if part.media_type == "multipart/alternative":
        _leave_one(inside)
    for one in inside:
        found.add(one)
    if part.carries_message:
        carried = subject_of(part.parts[0].headers), found.texts
        return _Contents([], [carried, *found.carried], found.files)
    return found


def _leave_one(inside: list[_Contents]) -> None:
    """Of texts that say the same the plain one, if it says anything."""
    telling = [one for one in inside if any(part.content(_GLANCE).strip() for part in one.texts)]
    plain = [one for one in telling if all(part.media_type != "text/html" for part in one.texts)]
    chosen = next(iter(plain or telling), None)
    for one in inside:
        if one is not chosen:
            one.texts = []


def _is_text(part: Part) -> bool:
    if part.media_type.startswith("multipart/"):
        return part.depth < mime.DEEPEST  # It says of what it is made, and is not.
    return part.media_type in {"text/plain", "text/html"} and not part.is_file


def _text(part: Part, most_bytes: int, most: int) -> str:
    data, whole = part.content(most_bytes), part.size <= most_bytes
    declared = part.parameters.get("charset")
    if part.media_type != "text/html":
        return cleaned(text_of(data, declared, whole=whole)[:most]).strip()
    if declared is None and (stated := _META.search(data[:2048])):
        declared = stated[1].decode()
    return cleaned(markup.text_of(cleaned(text_of(data, declared, whole=whole)), most=most))[:most].strip()


def _references(head: Headers) -> Iterator[str]:
    answered = headers.message_ids(head.first("in-reply-to"))
    before = headers.message_ids(head.first("references"))
    yield from list(dict.fromkeys([*answered, *reversed(before)]))[:_REFERENCES]


def _received(head: Headers) -> datetime | None:
    """When our own server took it in; what it was dated, where none of ours has."""
    return headers.date(head.first("received").rpartition(";")[2]) or headers.date(head.first("date"))


def _bounced(whole: Part) -> str | None:
    """The id of the message that a report says did not arrive; none, if it is only late."""
    parts = list(mime.walk(whole))
    reports = (one.content() for one in parts if one.media_type == "message/delivery-status")
    if any(Headers(report, _STATUS).first("action").lower() not in {"failed", ""} for report in reports):
        return None
    named = (headers.message_ids(part.headers.first("message-id")) for part in parts[1:])
    return next((ids[0] for ids in named if ids), None)
