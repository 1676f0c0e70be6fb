from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field, model_validator

from careloop_profile.cleansing.policy import FieldName
from careloop_profile.customers.schemas import Line
from careloop_profile.privacy.policy import LiftReason, Reason

State = Literal["erasing", "waiting", "completed"]


class RequestErasure(Body):
    """Somebody is to be forgotten, with all customers of any source that are the same person."""

    customer_id: UUID
    reason: Reason = Reason.CUSTOMER_REQUEST


class AcknowledgementView(View):
    service: str
    customer_id: UUID
    at: datetime
    done: dict[str, int]


class ErasureView(View):
    """An erasure and how far it is. `done` counts what was deleted here, by table."""

    request_id: UUID
    customers: list[UUID]
    reason: Reason
    state: State
    requested_at: datetime
    requested_by: str
    erased_at: datetime | None
    completed_at: datetime | None
    done: dict[str, int]
    acknowledgements: list[AcknowledgementView] = Field(default_factory=list)
    receipt: dict[str, Any] | None = Field(
        default=None,
        description="What was done and by whom, signed with Ed25519, once all services have obeyed.",
    )


class LiftSuppression(Body):
    """One of the three, in any spelling."""

    phone: Line | None = None
    email: Line | None = None
    identity_number: Line | None = None
    reason: LiftReason

    def called(self) -> dict[FieldName, str]:
        names: tuple[FieldName, ...] = ("phone", "email", "identity_number")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.called()) != 1:
            raise ValueError("name one of phone, email, identity_number")
        return self


class LiftView(View):
    """A suppression that was lifted."""

    id: UUID
    kind: Literal["phone", "email", "identity_number"]
    since: datetime
    """When it was suppressed."""
    lifted_at: datetime
    lifted_by: str
    reason: LiftReason


class DisclosureView(View):
    """Who saw what of whom, unmasked."""

    chain: int
    seq: int
    at: datetime
    actor_id: str
    actor_kind: str
    route: str
    subjects: list[UUID]
    fields: list[str]


class VerificationView(View):
    """Whether everything that was shown is written down as it was."""

    intact: bool
    entries: int
    broken: list[str]


class ExportDocument(View):
    """Everything that is kept of a customer, in clear; `sha256` is of the document without it."""

    customer_id: UUID
    customers: list[UUID]
    made_at: datetime
    made_by: str
    tables: dict[str, list[dict[str, Any]]]
    sha256: str
