"""Names and addresses are taken out of texts, and little else."""

import re

import pytest
from careloop_ticketing.learning.policy import mask, names_of
from hypothesis import given
from hypothesis import strategies as st

MASKED = {
    "我叫张三，宽带断了": "我叫[name]，宽带断了",
    "我叫欧阳小明我家断网": "我叫[name]我家断网",
    "我是李雷，请回电": "我是[name]，请回电",
    "联系人：王小芳 电话": "联系人：[name] 电话",
    "机主是陈伟，要求退费": "机主是[name]，要求退费",
    "张先生说王师傅没来": "[name]先生说[name]师傅没来",
    "找李小姐和赵国强先生": "找[name]小姐和[name]先生",
    "我住北京市海淀区中关村大街27号3号楼501室，断网": "我住[address]，断网",
    "广东省深圳市南山区科技园": "[address]科技园",
    "在人民路58号的营业厅": "在[address]的营业厅",
    "地址是幸福小区3栋2单元501": "[address]",
    "5栋301室没信号": "[address]没信号",
    "My name is John Smith and I am angry": "My name is [name] and I am angry",
    "Ask Mr. Miller": "Ask Mr. [name]",
    "I live at 12 Baker Street, Apt 4": "I live at [address]",
}
KEPT = [
    "我叫了师傅三次都没来",
    "我叫客服处理",
    "我是老用户，我是黄金会员",
    "向经理反映过，高级经理也没办法",
    "安装师傅态度差，金牌师傅也一样",
    "对方经理说5号之前解决",
    "上个月5号扣费，10号停机",
    "市区信号差，我们城市小区里没信号",
    "网络线路2号机房故障",
    "路由器坏了，电路不通",
    "住在3楼，没有信号",
    "北京移动信号差，上海联通也差",
    "my name is on the bill",
    "this is unacceptable",
]


@pytest.mark.parametrize(("text", "masked"), MASKED.items())
def test_what_reads_like_a_name_or_an_address_is_masked(text, masked):
    found = mask(text)
    assert found.endswith(masked) if masked.startswith("[address]") else found == masked


@pytest.mark.parametrize("text", KEPT)
def test_other_words_stay(text):
    assert mask(text) == text


def test_known_names_are_masked_wherever_they_stand():
    names = names_of(
        [
            {"partyOrPartyRole": {"name": "韩梅梅"}},
            {"partyOrPartyRole": {"name": "Al"}},
            {"partyOrPartyRole": {"id": "1"}},
            {"partyOrPartyRole": {"name": "李"}},
        ]
    )
    assert mask("韩梅梅来电，AL called, Alaska，李子", names) == "[name]来电，[name] called, Alaska，李子"
    assert names_of(None) == []


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_can_be_masked(text, known):
    assert isinstance(mask(text, known), str)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "part", ["路", "东路", "市区", "北京", "北京市", "1", "一", "1号", "王", "A ", "1 A ", "小区1"]
)
def test_a_text_that_is_made_to_be_slow_is_masked_at_once(part):
    masked = mask(part * (20_000 // len(part)))
    assert not re.search("\x00", masked)
