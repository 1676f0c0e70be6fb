import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import phonenumbers
import pytest
from careloop_local.simulator import churn, customers
from careloop_local.simulator.churn import Situation
from careloop_local.simulator.plans import CATALOGUE
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

CALM = Situation(
    price_shock=0.0,
    network_score=82,
    complaints=0,
    late_payments=0,
    tenure_years=3,
    contract_days_left=300,
    usage_share=0.5,
    devices=1,
    vip=False,
    elderly=False,
    kind="individual",
)


def test_default_operator_has_five_thousand_customers(operator):
    assert len(operator.customers) == 5_000


def test_customer_numbers_phones_and_addresses_are_unique(operator):
    people = operator.customers
    addresses = [person.email for person in people if person.email]
    digits = [_e164(person.phone) for person in people]
    for values in ([person.customer_no for person in people], digits, addresses):
        assert len(set(values)) == len(values)


def test_every_phone_is_a_valid_chinese_mobile_number(operator):
    for person in operator.customers:
        number = phonenumbers.parse(person.phone, "CN")
        assert phonenumbers.is_valid_number(number), person.phone
        assert phonenumbers.number_type(number) is phonenumbers.PhoneNumberType.MOBILE, person.phone


def test_mail_addresses_belong_to_nobody(operator):
    domains = {person.email.split("@")[1] for person in operator.customers if person.email}
    assert {domain.rpartition(".")[2] for domain in domains} == {"example"}


@pytest.mark.parametrize(("kind", "share"), list(customers.KINDS.items()))
def test_kinds_have_their_share(operator, kind, share):
    found = sum(person.kind == kind for person in operator.customers) / len(operator.customers)
    assert found == pytest.approx(share, abs=0.02)


def test_consents_elderly_and_vip_are_in_believable_shares(operator, today):
    people = operator.customers
    aged = [p for p in people if p.birth_year and today.year - p.birth_year >= customers.ELDERLY_AGE]
    assert len(aged) / len(people) == pytest.approx(0.14, abs=0.03)
    assert mean(p.consent_marketing for p in people) == pytest.approx(0.58, abs=0.03)
    assert mean(p.consent_care for p in people) == pytest.approx(0.83, abs=0.03)
    assert mean(p.do_not_disturb for p in people) == pytest.approx(0.05, abs=0.015)
    assert 0.02 < mean(p.vip for p in people) < 0.08


def test_fees_follow_the_plans(operator):
    for person in operator.customers:
        assert CATALOGUE[person.plan.name].list_price <= person.monthly_fee
        assert person.monthly_fee <= person.plan.list_price * 1.381
    dearer = mean(p.monthly_fee > p.plan.list_price for p in operator.customers)
    assert dearer == pytest.approx(0.28, abs=0.03)


def test_regions_are_many_and_uneven(operator):
    regions = Counter(person.region for person in operator.customers)
    assert len(regions) >= 25
    assert regions.most_common(1)[0][1] > 2 * min(regions.values())


def test_a_quarter_leaves_within_the_last_month(operator, today):
    leavers = [person for person in operator.customers if person.left_on]
    assert len(leavers) / len(operator.customers) == pytest.approx(0.25, abs=0.025)
    for person in leavers:
        assert person.joined_on < person.left_on < today
        assert (today - person.left_on).days <= 30


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_true_hazard_separates_leavers_believably(seed, today):
    people = customers.simulate(4_000, seed=seed, today=today)
    auc = roc_auc_score([person.left_on is not None for person in people], [p.hazard for p in people])
    assert 0.80 <= auc <= 0.90


def test_the_hazard_is_calibrated(operator):
    people = sorted(operator.customers, key=lambda person: person.hazard)
    for start in range(0, 5_000, 1_000):
        part = people[start : start + 1_000]
        expected, happened = mean(p.hazard for p in part), mean(p.left_on is not None for p in part)
        assert happened == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 1_000))


@pytest.mark.parametrize(
    "worse",
    [
        {"price_shock": 0.25},
        {"network_score": 45},
        {"complaints": 2},
        {"late_payments": 3},
        {"tenure_years": 0.5},
        {"contract_days_left": 20},
        {"contract_days_left": None},
        {"usage_share": 0.05},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_annoys_customers_drives_them_away(worse):
    assert churn.log_odds(replace(CALM, **worse)) > churn.log_odds(CALM)


@given(st.lists(st.floats(-8, 8), min_size=1, max_size=200), st.floats(0.05, 0.6))
def test_probabilities_meet_the_share_and_keep_the_order(odds, share):
    chances = churn.probabilities(odds, share)
    assert mean(chances) == pytest.approx(share, abs=1e-6)
    ranked = sorted(zip(odds, chances, strict=True))
    assert all(low[1] <= high[1] for low, high in pairwise(ranked))


def test_the_same_seed_gives_the_same_people_and_another_one_others(today):
    first = customers.simulate(50, seed=3, today=today)
    assert customers.simulate(50, seed=3, today=today) == first
    assert customers.simulate(50, seed=4, today=today) != first


def _e164(raw: str) -> str:
    return phonenumbers.format_number(phonenumbers.parse(raw, "CN"), phonenumbers.PhoneNumberFormat.E164)
