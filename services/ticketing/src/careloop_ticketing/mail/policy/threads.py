"""How an e-mail of ours says to which ticket an answer belongs, so that nobody can say it who was not written to.

thread   = <number>.<signature>            c-20260301-000042.gmzq3kd2vq4ykc7wx5na
Message-ID = <<thread>.<anything>@<any domain>>
Reply-To   = <mailbox>+<thread>@<domain>

The signature is the first 20 characters of HMAC-SHA-256 over the number in lower case, in base32. Addresses and ids lose
their case on the way, so nothing depends on it.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final

PURPOSE: Final = "e-mail threads"
"""Of the keys under which threads are signed."""
_THREAD: Final = r"(c-\d{8}-\d{6,12})\.([a-z2-7]{20})"
_MESSAGE_ID: Final = re.compile(
    rf"<{_THREAD}\.[^<>\s@]{{1,200}}@[^<>\s@]{{1,255}}>", re.ASCII | re.IGNORECASE
)
_ADDRESS: Final = re.compile(rf"[^\s@+]{{1,64}}\+{_THREAD}@[^\s@]{{1,255}}", re.ASCII | re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![a-z0-9-])c-\d{8}-\d{6,12}(?![\d-])", re.ASCII | re.IGNORECASE)


def thread(number: str, keys: Mapping[str, bytes]) -> str:
    """What stands for the ticket of this number, under the newest of the keys."""
    return f"{number.lower()}.{_signature(number, next(iter(keys.values())))}"


def _signature(number: str, key: bytes) -> str:
    digest = hmac.digest(key, number.lower().encode(), "sha256")
    return base64.b32encode(digest).decode().lower()[:20]


def of_message_id(message_id: str, keys: Mapping[str, bytes]) -> str | None:
    """The number of the ticket, if the id is one of ours."""
    return _proved(_MESSAGE_ID.fullmatch(message_id), keys)


def of_addresses(addresses: Iterable[str], keys: Mapping[str, bytes]) -> str | None:
    """The number of the ticket to which one of these addresses belongs."""
    proved = (_proved(_ADDRESS.fullmatch(address), keys) for address in addresses)
    return next(filter(None, proved), None)


def of_subject(subject: str) -> str | None:
    """The number that somebody quotes: whoever does may have guessed it."""
    found = _NUMBER.search(subject)
    return found[0].upper() if found else None


def _proved(found: re.Match[str] | None, keys: Mapping[str, bytes]) -> str | None:
    if found is None:
        return None
    signature = found[2].lower()
    ours = any(hmac.compare_digest(signature, _signature(found[1], key)) for key in keys.values())
    return found[1].upper() if ours else None
