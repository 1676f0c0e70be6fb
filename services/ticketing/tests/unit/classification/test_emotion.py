"""In what state somebody writes, by the shipped rule set: what they say, and how they say it."""

import pytest
from careloop_ticketing import defaults
from careloop_ticketing.classification import policy
from careloop_ticketing.classification.emphasis import is_emphatic
from careloop_ticketing.classification.policy import Emotion
from hypothesis import given
from hypothesis import strategies as st

CALM = [
    "请问流量怎么查",
    "我没有生气，只是想问一下账单",
    "不着急，方便的时候回电就行",
    "服务没让我失望，谢谢",
    "想办理携号转网，需要带什么材料",
    "我就想问下怎么转网",
    "客服让我转网络部",
    "《愤怒的小鸟》下载不了",
    "“愤怒的小鸟”下载不了",
    "我妈的手机没有信号",
    "每天收到很多垃圾短信",
    "话费跳楼价活动还有吗",
    "客服说「他们很生气」是什么意思",
    "请问怎么办理宽带",
    "请问怎么办卡",
    "他们不是骗子",
    "有人说你们是『骗子』",
    "我想跳楼梯健身",
    "想死你们了，好久没来营业厅",
    "手机老想死机",
    "我沒有生氣",
    "請問怎麼辦理寬頻",
    "My lawyer friend recommended your fiber",
    "The advert made me want to die laughing",
    "How do I check my bill?",
    "I am not angry, I just have a question",
    'The game "Angry Birds" does not start',
    "no complaints, thank you",
    "The service is not bad",
]
WORRIED = [
    "家里老人等着用电话，很着急",
    "号码被停了怎么办",
    "號碼被停了怎麼辦",
    "很著急",
    "谢谢！！",
    "I am worried about my data",
    "please help, it is urgent",
    "WHERE IS MY INTERNET SERVICE",
]
DISSATISFIED = [
    "服务太差",
    "服務太差",
    "我要投訴你們的營業廳",
    "这已经是第三次打电话了",
    "反映了好几次都没解决",
    "我要投诉你们的营业厅",
    "担心话费不够！！",
    "No complaints so far, but this month was terrible",
    "I am disappointed with the speed",
    "called three times and still no answer",
]
ANGRY = [
    "太过分了，我很生气",
    "他说没有生气，可是我很生气",
    "再不解决就去工信部投诉",
    "我要打12315",
    "我会找媒体曝光你们",
    "再不处理我就转网",
    "实在不行只好携号转网了",
    "你们再不解决，我就全家都转网",
    "大不了转网",
    "我要退网，信号太差了",
    "我认识记者，小心上新闻",
    "已经在黑猫投诉上登记了",
    "服务太差！！！",
    "你们就是骗子",
    "你们是不是骗子",
    "騙子！",
    "我很憤怒",
    "我非常生氣，明天就去投訴",
    "再不解決就去工信部投訴",
    "I am furious",
    "my lawyer will call you, this is a scam",
    "I will file a complaint with the FCC",
    "TERRIBLE SERVICE FOR THREE MONTHS",
    "fix my damn internet",
]
EXTREME = [
    "再这样我就不想活了",
    "不给退钱我就从你们楼上跳楼",
    "小心我砍人",
    "他说“我要自杀”",
    "我想死",
    "想死",
    "我要跳樓",
    "我要自殺",
    "輕生",
    "活著沒意思",
    "他說「我要跳樓」",
    "她說『不想活了』",
    "想死你们了，可是今天我想死",
    "I want to die. You die laughing",
    "I want to kill myself",
    "I will burn down your store",
]
TABLE = [
    (text, emotion)
    for emotion, texts in (
        (Emotion.CALM, CALM),
        (Emotion.WORRIED, WORRIED),
        (Emotion.DISSATISFIED, DISSATISFIED),
        (Emotion.ANGRY, ANGRY),
        (Emotion.EXTREME, EXTREME),
    )
    for text in texts
]


@pytest.mark.parametrize(("text", "emotion"), TABLE)
def test_golden_cases(standard_rules, text, emotion):
    verdict = standard_rules.classify(text, "complaint")
    assert verdict.emotion is emotion, verdict.because


@pytest.mark.parametrize(
    ("written", "meant"), [("斷網三個月", "断网三个月"), ("扣費亂收費，要求退還", "扣费乱收费，要求退还")]
)
def test_traditional_characters_say_the_same(standard_rules, written, meant):
    assert standard_rules.classify(written, "fault") == standard_rules.classify(meant, "fault")


@given(st.text())
def test_any_text_has_a_verdict_and_the_same_one_each_time(standard_rules, text):
    verdict = standard_rules.classify(text, "complaint")
    assert verdict == standard_rules.classify(text, "complaint")
    assert verdict.product in {None, *standard_rules.products}
    assert set(verdict.because) == set(policy.ATTRIBUTES)


@given(
    st.text() | st.lists(st.sampled_from([text for text, _ in TABLE])).map("。".join),
    st.sampled_from([text for text, emotion in TABLE if emotion is not Emotion.CALM]),
    st.sampled_from(["。", "\n", ". "]),
)
def test_a_further_sentence_never_soothes(standard_rules, text, threat, between):
    alone = standard_rules.classify(text, "complaint").emotion
    both = standard_rules.classify(f"{text}{between}{threat}", "complaint").emotion
    assert both.rank >= alone.rank


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello!", False),
        ("Wow!!", True),
        ("什么情况！！", True),
        ("什么！情况！怎么！办！", False),
        ("HBO GO on my PS3", False),
        ("THIS IS A BAD JOKE", False),
        ("I HAVE BEEN WAITING FOR WEEKS", True),
        ("YD卡的流量和QQ号码都在UNK里，再加上WIFI", False),
    ],
)
def test_emphasis_is_marks_in_a_row_or_words_in_capitals(text, expected):
    assert is_emphatic(text) is expected


def test_the_verdict_says_why(standard_rules):
    because = standard_rules.classify("宽带断网第三次了！！", "fault").because
    assert because == {
        "cause": ["no_connection"],
        "tier": ["repeated_failure"],
        "severity": ["(tier)"],
        "product": ["about_broadband", "about_speed"],
        "emotion": ["again_and_again", "(emphasis)"],
    }


def test_a_rule_set_from_before_there_were_emotions_finds_everybody_calm():
    document = defaults.rule_set()
    del document["products"]
    document["rules"] = [rule for rule in document["rules"] if not {"product", "emotion"} & set(rule)]
    before = policy.read(1, document)
    verdict = before.classify("断网三次了，我要去工信部投诉！！！", "complaint")
    assert (verdict.emotion, verdict.product) == (Emotion.CALM, None)
    assert verdict.rules == ("brand_risk", "repeated_failure", "no_connection", "poor_service")
