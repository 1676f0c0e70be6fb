from collections.abc import Mapping
from typing import ClassVar, Literal

from careloop_common.errors import DomainError, Kind

Reason = Literal[
    "amount_out_of_range",
    "body_malformed",
    "channel_unknown",
    "customer_ambiguous",
    "identifier_refused",
    "item_malformed",
    "kind_malformed",
    "message_too_large",
    "properties_malformed",
    "properties_too_large",
]


class ItemRefused(DomainError):
    """One interaction of a request cannot be taken; the others can. Of a batch, `code` of each rejected item is the reason."""

    kind = Kind.INVALID
    code = "item_refused"
    title = "Interaction refused"
    reasons: ClassVar[Mapping[Reason, str]] = {
        "amount_out_of_range": "The amount is no number, or not below 10^12.",
        "body_malformed": "The request is JSON, but not an object with `items`.",
        "channel_unknown": "The channel is none of `GET /v1/channels`.",
        "customer_ambiguous": "The customer is named in no way, or in more than one.",
        "identifier_refused": "The phone number or e-mail address by which the customer is named is none, or its external id a word for nobody.",
        "item_malformed": "A member is missing, unknown or of another type.",
        "kind_malformed": "The kind is not of the form `[a-z][a-z0-9_.-]{0,47}`.",
        "message_too_large": "The message of a batch has more bytes than one may.",
        "properties_malformed": "The properties are no JSON object, too deeply nested, or contain NUL characters.",
        "properties_too_large": "The properties have more bytes than an interaction may.",
    }

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class BatchTooLarge(DomainError):
    kind = Kind.TOO_LARGE
    code = "batch_too_large"
    title = "Batch too large"


class IntakeFull(DomainError):
    """More comes in than is being stored; nothing was taken that would be lost."""

    kind = Kind.RATE_LIMITED
    code = "intake_full"
    title = "Intake full"


class LetterNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "dead_letter_not_found"
    title = "Dead letter not found"


class LetterReplayed(DomainError):
    """It was taken before; there is nothing left to do."""

    kind = Kind.CONFLICT
    code = "dead_letter_replayed"
    title = "Dead letter replayed"


class ArchiveNotFound(DomainError):
    """There is no such archive, or its days are in the database already."""

    kind = Kind.NOT_FOUND
    code = "archive_not_found"
    title = "Archive not found"


class ArchiveDamaged(DomainError):
    """The file is missing, or not the one that was written."""

    kind = Kind.CONFLICT
    code = "archive_damaged"
    title = "Archive damaged"


class LetterRefused(DomainError):
    """The worker could not store it this time either; its log says why."""

    kind = Kind.CONFLICT
    code = "dead_letter_refused"
    title = "Dead letter refused again"
