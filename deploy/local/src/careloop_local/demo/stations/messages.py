"""Messages: what was sent and what was withheld, why, and that nobody was written to who did not want it."""

from collections import Counter
from typing import Any

from careloop_local.demo import figures
from careloop_local.demo.journey import Journey, Known
from careloop_local.demo.observer import Seen
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station
from careloop_local.waiting import until

SETTLED_WITHIN = 45.0
MANY = 50  # among so many there is somebody who may not be written to


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    since = journey.plan.started_at.isoformat()

    async def settled() -> dict[str, Any] | None:
        found = dict(await journey.gateway.get("/v1/message-summary", since=since))
        line.update(found["planned"] - found["waiting"], found["planned"], "settled")
        deferred = sum(found["deferred_by_reason"].values())
        return found if found["planned"] and found["waiting"] <= deferred else None

    summary = await until(settled, SETTLED_WITHIN, "a decision on every message", every=0.5)
    sent, withheld = _mine(journey, "sent"), _mine(journey, "withheld")
    outcome.show("sent", f"{figures.count(len(sent))} ({_by_purpose(sent)})")
    outcome.show("withheld", f"{figures.count(len(withheld))} ({_by_reason(withheld)})")
    outcome.show("channels", figures.counts(Counter(seen.data["channel"] for seen in sent)))
    outcome.show("failed / unknown", f"{summary['failed']} / {summary['unknown']}")
    people = journey.by_id()
    unwanted = [seen for seen in sent if not _wanted(people[seen.data["customer_id"]], seen.data)]
    twice = len(sent) - len({seen.data["message_id"] for seen in sent})
    outcome.expect("messages were sent", bool(sent), figures.count(len(sent)))
    if summary["planned"] >= MANY:
        outcome.expect(
            "messages were withheld, each with a reason", bool(withheld), figures.count(len(withheld))
        )
    outcome.expect("nobody was written to without consent", not unwanted, f"{len(unwanted)} were")
    outcome.expect("no message was sent twice", twice == 0, f"{twice} were")
    outcome.expect("none failed or is unknown", summary["failed"] + summary["unknown"] == 0)


def _mine(journey: Journey, what: str) -> list[Seen]:
    people = journey.by_id()
    return [
        seen for seen in journey.observer.of(f"campaign.message_{what}") if seen.data["customer_id"] in people
    ]


def _wanted(customer: Known, message: dict[str, Any]) -> bool:
    """What the customer said, read from profile by the demo itself: no trust in campaign's own judgement."""
    if customer.do_not_disturb:
        return False
    said = (message["purpose"], message["channel"])
    if message["purpose"] == "service":
        return said not in customer.refusals
    return customer.present and said in customer.consents


def _by_purpose(events: list[Seen]) -> str:
    return figures.counts(Counter(seen.data["purpose"] for seen in events))


def _by_reason(events: list[Seen]) -> str:
    return figures.counts(Counter(seen.data["reason"] for seen in events))


STATION = Station("Messages", work)
