import csv
import json
from collections import Counter
from datetime import timedelta
from random import Random
from statistics import mean

import pytest
from careloop_local.simulator import answers, channels, complaints, files, interactions, wording
from careloop_local.simulator.world import Size, simulate


def test_default_stream_has_twenty_thousand_interactions_over_all_channels(operator):
    assert len(operator.interactions) == 20_000
    assert {row.channel for row in operator.interactions} == {channel.code for channel in channels.CHANNELS}
    assert len(channels.CHANNELS) == 27


def test_interactions_are_in_order_of_time_and_numbered_once(operator, today):
    rows = operator.interactions
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    times = [row.occurred_at for row in rows]
    assert times == sorted(times)
    assert times[0].date() >= today - timedelta(days=2 * interactions.DAYS)
    assert times[-1].date() < today


def test_who_left_is_silent_afterwards(operator):
    left = {person.customer_no: person.left_on for person in operator.customers if person.left_on}
    for row in operator.interactions:
        if row.customer_no in left:
            assert row.occurred_at.date() < left[row.customer_no]


def test_days_have_a_rhythm(operator):
    hours = Counter(row.occurred_at.hour for row in operator.interactions)
    night = mean(hours[hour] for hour in range(1, 5))
    assert min(hours[10], hours[15], hours[19]) > 4 * night
    office = Counter(row.occurred_at.hour for row in operator.interactions if row.channel == "erp")
    assert sum(office[hour] for hour in (22, 23, 0, 1, 2, 3, 4, 5)) == 0


def test_some_customers_are_far_busier_than_others(operator):
    counts = sorted(Counter(row.customer_no for row in operator.interactions).values(), reverse=True)
    busiest = sum(counts[: len(counts) // 10])
    assert 0.2 < busiest / len(operator.interactions) < 0.5


def test_payments_carry_the_bill(operator):
    fees = {person.customer_no: person.monthly_fee for person in operator.customers}
    paid = [row for row in operator.interactions if row.kind == "payment"]
    assert paid
    assert all(row.amount == fees[row.customer_no] for row in paid)


def test_complaints_cover_causes_tiers_and_both_languages(operator):
    found = Counter((row.cause, row.tier) for row in operator.complaints)
    assert len(operator.complaints) == 600
    assert {cause for cause, _ in found} == set(wording.CAUSES)
    assert {tier for _, tier in found} == set(wording.TIERS)
    languages = Counter(row.language for row in operator.complaints)
    assert 0.08 < languages["en"] / 600 < 0.3


def test_nobody_complains_after_leaving(operator):
    present = {person.customer_no for person in operator.customers if person.left_on is None}
    assert {row.customer_no for row in operator.complaints} <= present


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_cause_and_tier_has_words(language):
    texts = {"zh": wording.ZH, "en": wording.EN}[language]
    assert {(c, t) for c, tiers in texts.items() for t in tiers} == {
        (cause, tier) for cause in wording.CAUSES for tier in wording.TIERS
    }


def test_complaints_are_written_by_people():
    dice = Random(5)
    texts = {complaints.write(dice, "technical_support", "intermediate", "zh") for _ in range(400)}
    assert len(texts) > 60
    assert any("WiFi" in text for text in texts)
    assert any("！！！" in text for text in texts)
    assert any("再" in text and "再不" not in text for text in texts)


def test_late_answers_are_worse():
    dice = Random(1)
    prompt = [answers.simulate(dice, in_time=True).score for _ in range(800)]
    late = [answers.simulate(dice, in_time=False).score for _ in range(800)]
    assert {*prompt, *late} <= {1, 2, 3, 4, 5}
    assert mean(prompt) - mean(late) > 0.8


def test_more_interactions_do_not_change_the_customers(today):
    small = simulate(Size(200, 100, 10), seed=9, today=today)
    large = simulate(Size(200, 900, 90), seed=9, today=today)
    assert small.customers == large.customers


def test_an_operator_without_customers_is_silent(today):
    empty = simulate(Size(0, 10, 10), seed=1, today=today)
    assert empty.interactions == empty.complaints == []


def test_files_hold_what_was_simulated(tmp_path, today):
    operator = simulate(Size(30, 60, 12), seed=2, today=today)
    operator.write(tmp_path / "out")
    with (tmp_path / "out" / "customers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == files.CUSTOMER_COLUMNS
    assert [row["customer_no"] for row in rows] == [person.customer_no for person in operator.customers]
    assert {row["status"] for row in rows} <= {"active", "left"}
    assert "hazard" not in rows[0]
    lines = (tmp_path / "out" / "interactions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, 61))
    with (tmp_path / "out" / "complaints.csv").open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == [row.text for row in operator.complaints]
