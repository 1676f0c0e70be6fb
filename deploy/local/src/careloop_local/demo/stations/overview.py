"""360° view: one customer of the run, whole, from all services in one answer."""

from collections import Counter

from careloop_local.demo.journey import Journey
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    customer_id = _most_eventful(journey)
    journey.facts["shown_customer"] = customer_id
    view = await journey.gateway.get(f"/v1/customers/{customer_id}/view")
    line.update(1, 1)
    outcome.show("customer", customer_id)


def _most_eventful(journey: Journey) -> str:
    """The customer of whom most was told: a ticket, a warning, a care task, messages."""
    names = ("ticket.opened", "score.changed", "campaign.care_task_opened", "campaign.message_sent")
    mine = journey.by_id()
    told: Counter[str] = Counter()
    for name in names:
        told.update(
            {
                seen.data["customer_id"]
                for seen in journey.observer.of(name)
                if seen.data["customer_id"] in mine
            }
        )
    return told.most_common(1)[0][0]


STATION = Station("360° view", work)
