"""360° view: one customer of the run, whole, from all services in one answer."""

from collections import Counter
from typing import Any

from careloop_local.demo.journey import Journey
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station

PARTS = ("profile", "score", "tickets", "care_tasks", "messages", "interactions")
TOLD = ("ticket.opened", "score.changed", "campaign.care_task_opened", "campaign.message_sent")


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    customer_id = _most_eventful(journey)
    journey.facts["shown_customer"] = customer_id
    view: dict[str, Any] = await journey.gateway.get(f"/v1/customers/{customer_id}/view")
    found = {name: view[name]["status"] for name in PARTS}
    line.update(sum(status == "ok" for status in found.values()), len(PARTS), "parts")
    outcome.show("customer", customer_id)
    for part in ("tickets", "care_tasks", "messages"):
        outcome.show(part.replace("_", " "), len((view[part]["data"] or {}).get("items", ())))
    missing = [name for name, status in found.items() if status != "ok"]
    outcome.expect("every part is there", not missing, ", ".join(missing) or "6 of 6")


def _most_eventful(journey: Journey) -> str:
    """The customer of whom most kinds of things were told."""
    mine = journey.by_id()
    told: Counter[str] = Counter()
    for name in TOLD:
        told.update({seen.data["customer_id"] for seen in journey.observer.of(name)} & mine.keys())
    if not told:
        raise LookupError("no customer of this run had anything happen")
    return told.most_common(1)[0][0]


STATION = Station("360° view", work)
