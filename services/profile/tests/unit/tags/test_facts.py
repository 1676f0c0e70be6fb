from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from careloop_profile.customers.policy import Consent, Customer, Joined
from careloop_profile.identity.policy import golden
from careloop_profile.tags.policy.facts import of_person

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def customer(number, *words):
    said = tuple(Consent("marketing", "sms", status, at) for status, at in words)
    return Customer(UUID(int=number), 1, "individual", "crm", None, START, START, consents=said)


@pytest.mark.parametrize("yes_at", [START, START + 9 * DAY])
def test_what_one_of_its_customers_refuses_a_person_refuses(yes_at):
    """Also where another of them has said yes since: with whoever contacts them the no of the first one stands."""
    members = [customer(1, ("granted", yes_at)), customer(2, ("denied", START + DAY))]
    row = [Joined(one.customer_id, START + 2 * DAY) for one in members]
    told = of_person(members, golden(members, {}), row=row, devices=[], relations=[], age=None, zone=UTC)
    assert (told["consents"], told["refusals"]) == ([], ["marketing/sms"])


def test_who_is_one_customer_allows_and_refuses_what_it_said():
    members = [customer(1, ("granted", START))]
    told = of_person(members, golden(members, {}), row=[], devices=[], relations=[], age=None, zone=UTC)
    assert (told["consents"], told["refusals"]) == (["marketing/sms"], [])
