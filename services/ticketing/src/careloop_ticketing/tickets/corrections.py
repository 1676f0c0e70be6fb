"""What is to be corrected about a ticket, and why."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from careloop_ticketing.vocabulary import Kind


class AmendReason(StrEnum):
    """Why a ticket is of another kind, or of another customer."""

    MISTAKEN = "mistaken"
    """It was taken down wrongly."""
    CUSTOMER_SAID = "customer_said"
    SAME_PERSON = "same_person"
    """The customer is known under another id."""


@dataclass(frozen=True, slots=True)
class Named:
    """A customer, by id or by (source, external id); neither is nobody."""

    id: UUID | None = None
    reference: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be otherwise; what is None stays as it is."""

    subject: str | None = None
    description: str | None = None
    kind: Kind | None = None
    channel: str | None = None
    language: str | None = None
    customer: Named | None = None
    reason: AmendReason | None = None
