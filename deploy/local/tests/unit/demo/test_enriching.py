from random import Random

import pytest
from careloop_local.demo import enriching, material


@pytest.fixture
def crowd(journey, make_known):
    people = [
        make_known(number, status="left" if number % 4 == 0 else "active") for number in range(1, 1_001)
    ]
    journey.customers.update({customer.customer_no: customer for customer in people})
    return journey


def test_those_who_complain_can_be_written_to(crowd):
    complaining = {filing.customer_no for filing in material.filings(crowd.plan, crowd.customers)}
    chosen = [customer.customer_no for customer in enriching._choose(Random(1), crowd)]
    assert len(set(chosen)) == len(chosen) == enriching.CUSTOMERS
    assert complaining <= set(chosen)


def test_only_customers_who_are_there_get_contact_data(crowd):
    assert all(customer.present for customer in enriching._choose(Random(1), crowd))


async def test_a_file_that_brought_contact_data_is_left_alone(crowd):
    assert await enriching.enrich(crowd, crowd.report.start("Customers")) == 0
