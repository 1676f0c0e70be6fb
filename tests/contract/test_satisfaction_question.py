"""What campaign's message asks the customer to reply is what ticketing understands, with the score that the message names."""

import re

import pytest
from careloop_campaign.templates import service as templates
from careloop_ticketing.satisfaction import policy

QUESTION = templates.load("satisfaction_question")
TEXTS = {
    f"{language}/{variant}": written.text
    for language, variants in QUESTION.texts.items()
    for variant, written in variants.items()
}
ANSWER = re.compile(r"([1-5]) (?:是|means )?([^，。,.：:]+)(?=[，。,.])")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_every_answer_that_a_message_names_is_understood_with_its_score(text):
    named = {int(digit): words for digit, words in ANSWER.findall(text)}
    assert named.keys() >= {5, 3, 1}
    for score, words in named.items():
        for reply in (f"{score}", words, f"{score} {words}", f"{score}.", f"{score} {words}。"):
            assert policy.understand(reply) == policy.Said(score), reply


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_message_asks_for_a_digit_and_every_digit_is_understood(text):
    assert re.search(r"1 到 5|一个数字|one digit", text)
    assert [policy.understand(str(score)) for score in range(1, 6)] == [policy.Said(n) for n in range(1, 6)]


def test_where_a_message_asks_for_a_reason_it_is_understood_as_one():
    assert (
        sum(bool(re.search(r"数字后空一格|after the digit and a space", text)) for text in TEXTS.values())
        == 2
    )
    assert policy.understand("2 等了3天") == policy.Said(2, "等了3天")
    assert policy.understand("2 waited for 3 days") == policy.Said(2, "waited for 3 days")
