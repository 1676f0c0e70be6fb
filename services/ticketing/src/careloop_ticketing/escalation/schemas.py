from datetime import datetime
from uuid import UUID

from careloop_common.schemas import View

from careloop_ticketing.sla.policy.ladder import Action
from careloop_ticketing.vocabulary import Level, Tier


class EscalationView(View):
    id: UUID
    ticket_id: UUID
    clock: str
    policy_version: int
    step: str
    action: Action
    is_breach: bool
    told: str
    level: Level
    tier: Tier
    notice: bool
    due_at: datetime
    escalated_at: datetime


class LatenessView(View):
    """Seconds from when steps were due to when they were taken."""

    count: int
    p50: float
    p99: float
    max: float
