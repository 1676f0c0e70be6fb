"""A whole operator from one seed."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from careloop_local.simulator import complaints, customers, files, interactions
from careloop_local.simulator.complaints import Complaint
from careloop_local.simulator.customers import Customer
from careloop_local.simulator.interactions import Interaction


@dataclass(frozen=True, slots=True)
class Size:
    customers: int = 5_000
    interactions: int = 20_000
    complaints: int = 600

    def times(self, scale: float) -> "Size":
        return Size(*(round(scale * count) for count in (self.customers, self.interactions, self.complaints)))


@dataclass(frozen=True, slots=True)
class Operator:
    customers: list[Customer]
    interactions: list[Interaction]
    complaints: list[Complaint]

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_customers(folder / "customers.csv", self.customers)
        files.write_interactions(folder / "interactions.jsonl", self.interactions)
        files.write_complaints(folder / "complaints.csv", self.complaints)


def simulate(size: Size, *, seed: int, today: date) -> Operator:
    base = customers.simulate(size.customers, seed=seed, today=today)
    return Operator(
        customers=base,
        interactions=interactions.simulate(base, size.interactions, seed=seed, today=today),
        complaints=complaints.simulate(base, size.complaints, seed=seed),
    )
