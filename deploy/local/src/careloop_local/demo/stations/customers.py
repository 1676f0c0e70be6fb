"""Customers: a file of the operator, imported by a mapping; what could not be read is written out with the reason."""

import time
from datetime import date
from typing import Any

from careloop_local import importer
from careloop_local.demo import enriching, figures, material
from careloop_local.demo.journey import Journey, Known
from careloop_local.demo.outcome import Outcome
from careloop_local.demo.report import Line
from careloop_local.demo.station import Station
from careloop_local.errors import LocalError
from careloop_local.waiting import until

ANNOUNCED_WITHIN = 60.0
CHANNELS = ["sms", "email"]


class NoCustomers(LocalError):
    """Nothing to go on with."""


async def work(journey: Journey, line: Line, outcome: Outcome) -> None:
    plan = journey.plan
    path = plan.data or material.simulated_customers(plan)
    mapping = await importer.load_mapping(journey.gateway, plan.mapping or "simulator", source=plan.source)
    if plan.data is None:
        mapping = _asked_for(mapping)
    started = time.monotonic()
    done = await importer.import_file(journey.gateway, path, mapping, line.update)
    seconds = time.monotonic() - started
    rejects = plan.folder / "rejects.csv"
    rejected_lines = await importer.save_rejects(journey.gateway, done["import_id"], rejects)
    if not done["accepted"]:
        raise NoCustomers(f"{path.name}: {done['rows_read']:,} rows, {done['rejected']:,} of them rejected")
    await _learn(journey, line)
    await _announced(journey, line)
    outcome.show("imported", f"{figures.count(done['accepted'])} of {figures.count(done['rows_read'])} rows")
    outcome.show("rate", figures.rate(done["rows_read"], seconds))
    outcome.show("rejected", f"{done['rejected']:,}" + (f" (see {rejects})" if rejected_lines else ""))
    enriched = await enriching.enrich(journey, line)
    if enriched:
        outcome.show("given contact data for the demo", figures.count(enriched))
    people = journey.customers.values()
    outcome.show(
        "active / left", f"{sum(p.present for p in people):,} / {sum(p.status == 'left' for p in people):,}"
    )
    outcome.expect(
        "imported = rows − rejected",
        done["accepted"] == done["rows_read"] - done["rejected"] > 0,
        f"{done['accepted']:,} = {done['rows_read']:,} − {done['rejected']:,}",
    )
    known = len(journey.customers)
    outcome.expect(
        "each can be read back", known == done["created"] + done["unchanged"] + done["updated"], known
    )


def _asked_for(mapping: dict[str, Any]) -> dict[str, Any]:
    """The simulated customers were asked about the channels that are written on, and about no other."""
    consents = [{**consent, "channels": CHANNELS} for consent in mapping["consents"]]
    return {**mapping, "consents": consents, "consent_channels": CHANNELS}


async def _learn(journey: Journey, line: Line) -> None:
    """Read the imported customers back, page by page, as any other system would."""
    async for item in journey.gateway.pages("/v1/customers", source=journey.plan.source):
        customer = _known(item)
        journey.customers[customer.customer_no] = customer
        if len(journey.customers) % 500 == 0:
            line.update(len(journey.customers), None, "customers read back")


async def _announced(journey: Journey, line: Line) -> None:
    """Wait until every customer was announced on NATS: other services know of them from there."""

    async def all_of_them() -> bool | None:
        count = journey.observer.count("customer.registered")
        line.update(min(count, len(journey.customers)), len(journey.customers), "announced")
        return True if count >= len(journey.customers) else None

    await until(all_of_them, ANNOUNCED_WITHIN, "the announcement of every customer")


def _known(item: dict[str, Any]) -> Known:
    said = {(word["purpose"], word["channel"]): word["granted"] for word in item["consents"]}
    attributes = item["attributes"]
    return Known(
        customer_id=item["customer_id"],
        customer_no=item["external_id"],
        status=item["status"],
        left_on=date.fromisoformat(item["left_on"]) if item["left_on"] else None,
        monthly_fee=sum(float(held["monthly_fee"] or 0) for held in item["subscriptions"]),
        complaints_90d=int(float(attributes.get("complaints_90d") or 0)),
        vip=item["vip"],
        language=item["language"] or "zh",
        reachable=bool(item["phone"] or item["email"]),
        do_not_disturb=item["do_not_disturb"],
        consents={word for word, granted in said.items() if granted},
        refusals={word for word, granted in said.items() if not granted},
    )


STATION = Station("Customers", work)
