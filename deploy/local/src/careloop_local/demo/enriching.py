"""Contact data for customers of a file that has none, so that there is somebody to write to.

Public data sets know no addresses. Some of their customers get simulated ones, and say through the API what they
consent to: some to everything, some to nothing but service, and some want to be left alone.
"""

from functools import partial
from random import Random

from careloop_local.demo import material
from careloop_local.demo.journey import Journey, Known
from careloop_local.demo.report import Line
from careloop_local.simulator import contacts
from careloop_local.simulator.dice import pick, stream
from careloop_local.waiting import gather_limited

CUSTOMERS = 300
COMPLAINING = 200
AT_ONCE = 6
WISHES = {"everything": 0.6, "service_only": 0.3, "nothing": 0.1}
CHANNELS = ("sms", "email")


async def enrich(journey: Journey, line: Line) -> int:
    """Give contact data to some of the customers who are there, unless the file brought any; returns to how many."""
    if any(customer.reachable for customer in journey.customers.values()):
        return 0
    dice = stream(journey.plan.seed, "contacts")
    chosen = _choose(dice, journey)
    phones: set[str] = set()
    done: list[Known] = []

    async def give(customer: Known, phone: str, wish: str) -> None:
        await _give(journey, customer, phone, wish)
        done.append(customer)
        line.update(len(done), len(chosen), "given contact data")

    jobs = [partial(give, customer, contacts.phone(dice, phones), pick(dice, WISHES)) for customer in chosen]
    await gather_limited(jobs, AT_ONCE)
    return len(done)


def _choose(dice: Random, journey: Journey) -> list[Known]:
    """Mostly customers who are going to complain, since they are written to most."""
    complaining = {filing.customer_no for filing in material.filings(journey.plan, journey.customers)}
    present = [customer for customer in journey.customers.values() if customer.present]
    likely = [customer for customer in present if customer.customer_no in complaining]
    chosen = dice.sample(likely, min(COMPLAINING, len(likely)))
    others = [customer for customer in present if customer.customer_no not in complaining]
    return chosen + dice.sample(others, min(CUSTOMERS - len(chosen), len(others)))


async def _give(journey: Journey, customer: Known, phone: str, wish: str) -> None:
    path = f"/v1/customers/{customer.customer_id}"
    facts = {
        "phone": f"+86{phone}",
        "email": f"customer{phone[-6:]}@mail.example",
        "do_not_disturb": wish == "nothing",
    }
    await journey.gateway.patch(path, facts)
    granted = wish == "everything"
    words = [{"purpose": "care", "channel": channel, "granted": granted} for channel in CHANNELS]
    await journey.gateway.put(f"{path}/consents", {"items": words})
    said = {("care", channel) for channel in CHANNELS}
    customer.consents = customer.consents | said if granted else customer.consents - said
    customer.refusals = customer.refusals - said if granted else customer.refusals | said
    customer.do_not_disturb, customer.reachable = wish == "nothing", True
