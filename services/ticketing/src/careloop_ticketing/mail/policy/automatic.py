"""Mail that nobody wrote: what opens no ticket, and what is not answered, lest two machines talk to each other for ever."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from careloop_ticketing.mail.policy.headers import Headers, address, valued


class Ignored(StrEnum):
    """Why a message opens nothing and is part of no ticket."""

    BOUNCE = "bounce"
    """Something that we sent did not arrive (退信)."""
    REPORT = "report"
    """Another report: it was read, it was taken for spam."""
    EMPTY_SENDER = "empty_sender"
    OWN_ADDRESS = "own_address"
    """It comes from an address of ours."""
    AUTO_SUBMITTED = "auto_submitted"
    """A program wrote it: an absence, a confirmation."""
    AUTO_RESPONSE_SUPPRESSED = "auto_response_suppressed"
    """Exchange's way to say the same."""
    BULK = "bulk"
    MAILING_LIST = "mailing_list"
    COURTESY = "courtesy"
    """Somebody did write it: thanks for a ticket that is closed (客套话)."""


_BULK: Final = frozenset({"bulk", "junk", "list"})


def ignored(headers: Headers, media_type: str, report: str, *, ours: Collection[str]) -> Ignored | None:
    """Why a message with this head is ignored, if it is. `report` is the type of a `multipart/report`."""
    if media_type == "multipart/report":
        return Ignored.BOUNCE if report in {"delivery-status", ""} else Ignored.REPORT
    sender = address(headers.first("from"))
    signs = {
        # Not all of them write reports, nor does everybody who hands mail over say to whom it would go back.
        Ignored.BOUNCE: sender is not None and sender.startswith("mailer-daemon@"),
        Ignored.EMPTY_SENDER: headers.first("return-path").replace(" ", "") == "<>",
        Ignored.OWN_ADDRESS: sender is not None and without_tag(sender) in ours,
        Ignored.AUTO_SUBMITTED: valued(headers.first("auto-submitted"))[0] not in {"", "no"},
        Ignored.AUTO_RESPONSE_SUPPRESSED: "all" in _suppressed(headers),
        Ignored.BULK: any(value.lower() in _BULK for value in headers.all("precedence")),
        Ignored.MAILING_LIST: "list-id" in headers,
    }
    return next((why for why, shows in signs.items() if shows), None)


def asks_for_silence(headers: Headers) -> bool:
    """Whether the sender wants no answer of a machine, though a person may have written."""
    return bool(_suppressed(headers) & {"all", "oof", "autoreply"})


def _suppressed(headers: Headers) -> set[str]:
    values = ",".join(headers.all("x-auto-response-suppress")).lower()
    return {word.strip() for word in values.split(",")}


def ours(listed: str) -> frozenset[str]:
    """Our own addresses, of a list with commas."""
    return frozenset(without_tag(one.strip()) for one in listed.split(",") if "@" in one)


def without_tag(address: str) -> str:
    """`help+c-2026…@example.com` → `help@example.com`."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
