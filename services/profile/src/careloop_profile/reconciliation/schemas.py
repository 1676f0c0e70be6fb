from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from careloop_common.schemas import View

FindingKind = Literal["merged", "proposed", "closed", "bridge", "split", "skipped"]


class LinkageRunView(View):
    run_id: UUID
    cause: Literal["night", "request"]
    night: date | None
    state: Literal["running", "done"]
    phase: Literal["customers", "questions", "persons"]
    """What it does now: customers are compared, open questions asked again, persons looked at for weak bridges."""
    round: int
    """From the second on those customers are compared again whose persons grew in the one before."""
    model_version: int
    customers: int
    looked_at: int
    """Of the customers, in the first round: how far it is."""
    merged: int
    proposed: int
    closed: int
    bridges: int
    split: int
    skipped: int
    """What could not be looked at; the findings say why."""
    found_online: int
    """Pairs that had been joined or asked about before, as customers came or changed."""
    missed_online: int
    """Pairs that were joined or asked about by this run alone."""
    missed_share: float
    """Of all pairs that either found."""
    started_at: datetime
    started_by: str
    finished_at: datetime | None


class LinkageFindingView(View):
    finding_id: UUID
    kind: FindingKind
    one: UUID
    """Of what was skipped the customer, the question or the person."""
    other: UUID | None
    model_version: int
    probability: float | None
    subject_id: UUID | None
    """The merge, what took it back, or the question."""
    detail: dict[str, Any]
    """What each field says, or the parts on either side of a bridge; no personal data."""
    at: datetime
