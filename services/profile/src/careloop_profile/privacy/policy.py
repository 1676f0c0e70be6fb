"""What a person is found by in what is kept whole, and when an erasure is complete."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from careloop_profile.identifiers.policy import clean, tidy

_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[ \t().-]+(?=\d)")


class Reason(StrEnum):
    """Why somebody is to be forgotten."""

    CUSTOMER_REQUEST = "customer_request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    PURPOSE_SERVED = "purpose_served"
    UNLAWFUL = "unlawful"
    LEGAL_ORDER = "legal_order"


class LiftReason(StrEnum):
    """Why what somebody was called by is taken in again."""

    REASSIGNED = "reassigned"
    """The number or address belongs to somebody else now."""
    CUSTOMER_RETURNED = "customer_returned"
    ERASED_BY_MISTAKE = "erased_by_mistake"
    LEGAL_ORDER = "legal_order"


def sought(customer_id: UUID, external_id: str | None, facts: Mapping[str, str | None]) -> list[str]:
    """By what somebody is found: names are left out, for others have them too."""
    found = [str(customer_id)]
    if external_id:
        found.append(json.dumps(external_id, ensure_ascii=False))
    if phone := facts.get("phone"):
        found += [phone, phone.removeprefix("+86")]
    found += [value for name in ("email", "identity_number") if (value := facts.get(name))]
    return found


def mentions(body: bytes, words: Iterable[str]) -> bool:
    """Whether a message is about somebody, however it is written."""
    text = body.decode(errors="replace")
    try:
        read = json.loads(text, parse_int=str)
    except (ValueError, RecursionError):  # what is no JSON is looked through as it is
        read = text
    text = clean(f"{text} {json.dumps(_tidy(read), ensure_ascii=False)}").lower()
    joined = _BETWEEN_DIGITS.sub("", text)
    return any(word.lower() in text or word.lower() in joined for word in words)


def _tidy(read: Any) -> Any:
    """As readers of messages take ids: without what surrounds them."""
    if isinstance(read, dict):
        return {name: _tidy(value) for name, value in read.items()}
    if isinstance(read, list):
        return [_tidy(value) for value in read]
    return tidy(read) if isinstance(read, str) else read


def outstanding(
    customers: Iterable[UUID], services: Collection[str], told: Collection[tuple[UUID, str]]
) -> list[tuple[UUID, str]]:
    """What has not been heard yet."""
    wanted = [(customer, service) for customer in customers for service in services]
    return [one for one in wanted if one not in told]


def added(done: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Two counts in one."""
    return {**done, **{name: done.get(name, 0) + number for name, number in more.items()}}


def signed_part(receipt: Mapping[str, Any]) -> bytes:
    """What the signature of a receipt is about."""
    bare = {name: value for name, value in receipt.items() if name != "signature"}
    return json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
