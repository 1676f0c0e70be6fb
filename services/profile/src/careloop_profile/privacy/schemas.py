from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import Field

from careloop_profile.privacy.policy import Reason

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
