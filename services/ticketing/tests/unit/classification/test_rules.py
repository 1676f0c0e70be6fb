"""Golden cases of the shipped rule set: what customers write, and what it must be taken for."""

import re
import time

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.classification import phrases, policy
from careloop_ticketing.classification.errors import InvalidRuleSet
from careloop_ticketing.classification.policy import Severity
from careloop_ticketing.classification.schemas import RuleSet
from hypothesis import given
from hypothesis import strategies as st

CHINESE = [
    ("手机电池鼓包，充电时冒烟", "technical_support", "advanced"),
    ("充电宝爆炸了，孩子受伤", "technical_support", "advanced"),
    ("营业员把我的个人信息泄露给了中介", "service_quality", "advanced"),
    ("有人冒用我的身份证办了合约机", "business_handling", "advanced"),
    ("你们这是欺诈", "business_handling", "advanced"),
    ("快递 5 天了还没送到", "business_handling", "intermediate"),
    ("物流超过三天没有动静", "business_handling", "intermediate"),
    ("新手机用了两周就很卡顿，打开应用要半分钟，手机太卡", "technical_support", "intermediate"),
    ("同样的故障修了三次还是坏", "technical_support", "intermediate"),
    ("退款一直没到账", "price", "intermediate"),
    ("押金不退还，客服推诿", "price", "intermediate"),
    ("物流两天了", "business_handling", "primary"),
    ("这个月账单比上个月多了三十块", "price", "primary"),
    ("套餐太贵了", "price", "primary"),
    ("晚上网速很慢", "technical_support", "primary"),
    ("地下室没有信号", "technical_support", "primary"),
    ("客服态度差，直接挂电话", "service_quality", "primary"),
    ("排队一个小时没人理", "service_quality", "primary"),
    ("办理过户手续太麻烦", "business_handling", "primary"),
    ("活动规则没有说明清楚", "information_asymmetry", "primary"),
    ("业务爆炸式增长", "service_quality", "primary"),
]
ENGLISH = [
    ("Comcast Data Cap", "price", "primary"),
    ("Comcast Cable Internet Speeds", "technical_support", "primary"),
    ("Unfair billing practices", "price", "primary"),
    ("Charged for Cable Modem Rental that I have owned for 8 years", "price", "primary"),
    ("Throttling service and unreasonable data caps", "price", "primary"),
    ("Slow internet speeds", "technical_support", "primary"),
    ("Internet down", "technical_support", "primary"),
    ("bad customer service", "service_quality", "primary"),
    ("Comcast deceptive practices", "information_asymmetry", "primary"),
    ("Unable to cancel my account", "business_handling", "primary"),
    ("Comcast never sent my refund", "price", "intermediate"),
    ("Comcast owes me $65 and claims I need to return equipment", "price", "intermediate"),
    ("Comcast Terrible Experience with no resolution", "service_quality", "intermediate"),
    ("Comcast will not allow me to cancel my internet service.", "business_handling", "intermediate"),
    ("comcast bait and switch", "information_asymmetry", "intermediate"),
    ("My router order has not shipped after four days", "business_handling", "intermediate"),
    ("INTERNET SERVICE IS DOWN FOR THREE WEEKS NOW.", "technical_support", "intermediate"),
    ("Comcast billing fraud", "price", "advanced"),
    ("Comcast Fraud?", "business_handling", "advanced"),
    ("The charger exploded", "technical_support", "advanced"),
    ("Privacy violation: you leaked my personal data", "service_quality", "advanced"),
    ("Amazon Fire Stick does not connect", "service_quality", "primary"),
    ("Internet Explorer shows an error", "service_quality", "primary"),
]


@pytest.mark.parametrize(("text", "cause", "tier"), CHINESE + ENGLISH)
def test_golden_cases(standard_rules, text, cause, tier):
    verdict = standard_rules.classify(text, "complaint")
    assert (verdict.cause, verdict.tier) == (cause, tier), verdict.rules


def test_the_verdict_names_the_rules_that_matched(standard_rules):
    verdict = standard_rules.classify("退款没到账，账单也不对", "complaint")
    assert verdict.rules == ("refund_dispute", "billing", "about_billing")


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("inquiry", "information_asymmetry"),
        ("fault", "technical_support"),
        ("complaint", "service_quality"),
        ("something new", "service_quality"),
    ],
)
def test_where_no_rule_matches_the_kind_decides(standard_rules, kind, cause):
    verdict = standard_rules.classify("…", kind)
    assert (verdict.cause, verdict.rules) == (cause, ())


def test_severity_follows_the_tier(standard_rules):
    texts = ("套餐太贵了", "退款一直没到账", "电池起火")
    severities = [standard_rules.classify(text, "complaint").severity for text in texts]
    assert severities == [Severity.NORMAL, Severity.HIGH, Severity.CRITICAL]


def test_full_width_and_capital_letters_make_no_difference(standard_rules):
    assert standard_rules.classify("ＢＩＬＬＩＮＧ  Fraud", "complaint").rules == (
        "fraud",
        "billing",
        "about_billing",
    )


def test_a_phrase_is_literal(standard_rules):
    rules = policy.read(
        1, {"default_causes": {}, "rules": [{"id": "odd", "phrases": ["a.b (c)"], "cause": "price"}]}
    )
    assert rules.classify("A.B (C)", "complaint").rules == ("odd",)
    assert rules.classify("axb c", "complaint").rules == ()


def found(phrase, text):
    return (
        policy.read(1, {"default_causes": {}, "rules": [{"id": "r", "phrases": [phrase]}]})
        .classify(text, "x")
        .rules
    )


@given(
    st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4).map("*".join),
    st.text("ab，", max_size=40),
)
def test_an_asterisk_is_what_a_regular_expression_would_say(phrase, text):
    gap = "[^,]{0,12}"  # full-width signs have become half-width
    pattern = rf"(?<![a-z0-9]){phrase.replace('*', gap)}(?![a-z0-9])"
    assert bool(found(phrase, text)) == bool(re.search(pattern, phrases.normalise(text)))


def test_no_phrase_takes_longer_than_its_text_is_long():
    began = time.process_time()
    assert not found("*".join("a" * 30) + "*b", "a" * 20_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "rules",
    [
        [{"id": "a", "phrases": ["x"]}, {"id": "a", "phrases": ["y"]}],
        [{"id": "a", "phrases": ["*"]}],
    ],
)
def test_a_rule_set_that_makes_no_sense_is_refused(rules):
    with pytest.raises(InvalidRuleSet):
        policy.read(1, {"default_causes": {}, "rules": rules})


def test_the_shipped_documents_pass_the_api(standard_rules):
    from careloop_ticketing.sla.schemas import SlaPolicy

    document = RuleSet.model_validate(defaults.rule_set()).model_dump(mode="json", exclude_none=True)
    assert policy.read(1, document) == standard_rules
    SlaPolicy.model_validate(defaults.sla_policy())
