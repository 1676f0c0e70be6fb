"""What a ticket is about, by the shipped rule set and by small ones."""

import pytest
from careloop_ticketing.classification import phrases, policy
from careloop_ticketing.classification.errors import InvalidRuleSet
from hypothesis import example, given
from hypothesis import strategies as st

TABLE = [
    ("流量用得太快，4G一打开就没了", "mobile_data"),
    ("电话打不通，听不清对方说话", "mobile_voice"),
    ("地下室没有信号", "mobile_voice"),
    ("收不到银行的短信", "messaging"),
    ("出国漫游话费怎么收", "roaming"),
    ("携号转网办不了", "porting"),
    ("补卡要多久", "sim"),
    ("手机电池鼓包", "device"),
    ("宽带账单多扣了钱", "broadband"),
    ("座机没有声音", "fixed_voice"),
    ("机顶盒看不了卫视", "iptv"),
    ("家里的摄像头连不上", "smart_home"),
    ("云盘里的照片不见了", "cloud"),
    ("公司专线中断", "enterprise"),
    ("没订过彩铃却扣费", "value_added"),
    ("想降低套餐", "plan"),
    ("这个月话费不对", "billing"),
    ("营业厅排队两小时", "store_service"),
    ("手机营业厅登录不了", "online_service"),
    ("客服态度差，直接挂电话", "customer_service"),
    ("宽带和电视都坏了", None),
    ("你好", None),
    ("Comcast Cable Internet Speeds", "broadband"),
    ("Unfair billing practices", "billing"),
    ("My TV channels are gone", "iptv"),
    ("charged for roaming in Japan", "roaming"),
    ("dropped calls every day", "mobile_voice"),
    ("the store manager was rude", "store_service"),
    ("no dial tone on my landline", "fixed_voice"),
    ("Comcast", None),
]

THREATS = [
    ("第三次报修了，还是断网，再不修我就转网", "broadband"),
    ("宽带又断了，再不处理我就携号转网", "broadband"),
    ("信号差成这样，我要转网了", "mobile_voice"),
    ("不行我就去电信了，你们这信号太差", "mobile_voice"),
    ("再乱扣费我就携号转网走人", "billing"),
    ("宽带三天两头掉线，你们逼我携号转网是吧", "broadband"),
    ("寬頻又斷網了，再不修我就攜號轉網", "broadband"),
    ("wifi一直掉线，再不fix我就转网", "broadband"),
    ("再不退钱我就销户", "billing"),
    ("internet is down again, fix it or I will port out my number", "broadband"),
    ("If you don't fix my bill I'm porting my number to another carrier", "billing"),
]
"""What somebody would do is not what the ticket is about."""
PORTING = [
    "我要携号转网，你们却拒绝办理",
    "想办理携号转网，需要带什么材料",
    "携号转网办了三次都失败",
    "携号转网申请被驳回，说有合约",
    "转网授权码收不到",
    "怎么查携号转网资格",
    "转网后合约机怎么处理",
    "我就想问下携号转网怎么办理",
    "想转网",
    "I want to port my number to you, what do I need",
]
OTHERS = [
    ("不是宽带的问题，而是手机没信号", "mobile_voice"),
    ("不是断网，是电视没画面", "iptv"),
    ("是不是断网了，是的话请报修", "broadband"),
    ("没有断网，就是账单不对", "billing"),
    ("宽带没有断，就是网速慢", "broadband"),
    ("不是要转网，只是想问下套餐", "plan"),
    ("没想转网，就是宽带太慢", "broadband"),
    ("The problem is not the internet, it's the tv", "iptv"),
    ("It is not the internet", "broadband"),
    ("家里断网，客服说转网络部处理", "broadband"),
    ("余额转入新号码", "billing"),
    ("流量没用完，转入下月了吗", "mobile_data"),
    ("断往三天了没人修", "broadband"),
    ("宽代断了", "broadband"),
]


@pytest.mark.parametrize(("text", "product"), THREATS)
def test_a_threat_to_leave_is_anger_and_no_product(standard_rules, text, product):
    verdict = standard_rules.classify(text, "complaint")
    assert (verdict.product, verdict.emotion) == (product, "angry"), verdict.because
    assert "handling" not in verdict.rules


@pytest.mark.parametrize("text", PORTING)
def test_who_asks_for_porting_does_not_threaten_with_it(standard_rules, text):
    verdict = standard_rules.classify(text, "complaint")
    assert (verdict.product, verdict.emotion) == ("porting", "calm"), verdict.because


@pytest.mark.parametrize(("text", "product"), OTHERS)
def test_what_a_text_is_not_about_is_not_its_product(standard_rules, text, product):
    verdict = standard_rules.classify(text, "complaint")
    assert verdict.product == product, verdict.because


@pytest.mark.parametrize(("text", "product"), TABLE)
def test_golden_cases(standard_rules, text, product):
    verdict = standard_rules.classify(text, "complaint")
    assert verdict.product == product, verdict.because


def rule_set(*rules, products=("a", "b")):
    named = [{"code": code, "zh": code, "en": code} for code in products]
    return policy.read(7, {"default_causes": {}, "products": named, "rules": list(rules)})


def test_the_heavier_product_wins_and_two_that_weigh_the_same_are_unclear():
    rules = rule_set(
        {"id": "x", "phrases": ["x"], "product": "a"},
        {"id": "y", "phrases": ["y"], "product": "b"},
        {"id": "z", "phrases": ["z"], "product": "b"},
    )
    found = [rules.classify(text, "complaint").product for text in ("x", "x y", "x y z", "")]
    assert found == ["a", None, "b", None]


def test_a_phrase_inside_of_an_exception_does_not_count_but_elsewhere_it_does():
    rules = rule_set({"id": "r", "phrases": ["angry"], "apart_from": ["not*angry"], "emotion": "angry"})
    texts = ("not angry", "not really angry", "not angry. angry", "angry, not angry", "angry")
    assert [rules.classify(text, "x").emotion == "angry" for text in texts] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_unless_holds_for_the_whole_text():
    rules = rule_set({"id": "r", "phrases": ["fire"], "unless": ["no fire"], "tier": "advanced"})
    assert [bool(rules.classify(text, "x").rules) for text in ("fire", "no fire. fire")] == [True, False]


@pytest.mark.parametrize(
    ("rules", "products", "pointer"),
    [
        ([{"id": "r", "phrases": ["x"], "product": "c"}], ("a", "b"), "/rules/0/product"),
        ([{"id": "r", "phrases": ["x"], "product": "a"}], (), "/rules/0/product"),
        ([{"id": "r", "phrases": ["x"]}], ("a", "a"), "/products"),
        ([{"id": "r", "phrases": ["x"], "apart_from": ["*"]}], ("a",), "/rules"),
    ],
)
def test_products_that_do_not_fit_are_refused(rules, products, pointer):
    with pytest.raises(InvalidRuleSet) as refused:
        rule_set(*rules, products=products)
    assert refused.value.pointer == pointer


WRITTEN = st.text("abc *断网！", min_size=1, max_size=6).filter(lambda text: text.strip(" *"))


@given(st.lists(WRITTEN, min_size=1, max_size=8), st.text("abc 断网!,", max_size=30))
def test_the_index_finds_what_looking_for_every_phrase_finds(written, text):
    rules = [[phrases.read(phrase)] for phrase in written]
    text = phrases.normalise(text)
    possible = phrases.index(rules).possible(text, phrases.pairs(text))
    by_index = {number for number, found in possible.items() if any(one.is_in(text) for one in found)}
    assert by_index == {number for number, (phrase,) in enumerate(rules) if phrase.is_in(text)}


@example("a*", "aa")
@given(WRITTEN, st.text("abc 断网!,", max_size=30))
def test_what_stands_somewhere_stands_there(written, text):
    phrase, text = phrases.read(written), phrases.normalise(text)
    assert phrase.is_in(text) == bool(phrase.places(text))
    assert not phrase.is_in(phrases.without([phrase], text))
