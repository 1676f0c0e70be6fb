"""What the stations of one run share: the platform's outside, the people, and what has been found out so far."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from careloop_local.client import Gateway
from careloop_local.demo.observer import Observer
from careloop_local.demo.report import Report
from careloop_local.demo.tickets import Tickets
from careloop_local.simulator.world import Size


@dataclass(frozen=True, slots=True)
class Plan:
    """What the run is to work on. Without `data` a simulated operator is made."""

    run: str
    started_at: datetime
    today: date
    seed: int
    folder: Path
    data: Path | None = None
    mapping: str | None = None
    complaints: Path | None = None
    size: Size = field(default_factory=Size)

    @property
    def source(self) -> str:
        """The source system that this run's customers come from: each run has its own people."""
        return f"demo-{self.run}"


@dataclass(slots=True)
class Known:
    """One customer as the API shows him, without personal data."""

    customer_id: str
    customer_no: str
    status: str
    left_on: date | None
    monthly_fee: float
    complaints_90d: int
    vip: bool
    language: str
    reachable: bool
    do_not_disturb: bool
    consents: set[tuple[str, str]]
    refusals: set[tuple[str, str]]

    @property
    def present(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class Filing:
    """A complaint to file."""

    number: int
    customer_no: str
    channel: str
    text: str


@dataclass(slots=True)
class Journey:
    plan: Plan
    gateway: Gateway
    observer: Observer
    report: Report
    customers: dict[str, Known] = field(default_factory=dict)
    """By the number that the source system gave them."""
    tickets: Tickets = field(default_factory=Tickets)
    facts: dict[str, Any] = field(default_factory=dict)

    def by_id(self) -> dict[str, Known]:
        return {customer.customer_id: customer for customer in self.customers.values()}
