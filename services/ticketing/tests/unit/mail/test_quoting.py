import pytest
from careloop_ticketing.mail.policy.quoting import own_words
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "below",
    [
        "-----Original Message-----\nFrom: care",
        "----- Forwarded message -----\nx",
        "------------------ 原始邮件 ------------------\n发件人: x",
        "-----邮件原件-----\n发件人: x",
        "---- 回复的原邮件 ----\n| 发件人 | x |",
        "发件人： 客服\n发送时间： 2026年3月2日\n\n您好",
        "From: care\nSent: Monday\nTo: x\n\nDear",
        "*From:* care\n*Sent:* Monday",
        "On Mon, Mar 2, 2026 at 9:20 AM Care <c@o.example> wrote:\nDear",
        "On Mon, Mar 2, 2026 at 9:20 AM Care\n<c@o.example> wrote:\n\n> Dear",
        '在 2026-03-02 09:20:00，"客服" <c@o.example> 写道：\n您好',
        "客服 <c@o.example> 于2026年3月2日周一 09:20写道：\n\n> 您好",
        "> 您好\n>> 您好",
        "-- \n张伟\n经理",
        "发自我的iPhone",
        "Sent from my iPhone",
        "从 Windows 版邮件发送",
    ],
)
def test_what_somebody_answers_is_not_what_they_say(below):
    assert own_words(f"还没有解决。\n请回电。\n\n{below}") == "还没有解决。\n请回电。"


@pytest.mark.parametrize(
    "text",
    [
        "It is slow.\nFrom: the beginning on.\nAll the time.",
        "The technician wrote: come tomorrow",
        "在家里没有信号，客服说：",
        "日期：3月2日\n金额：38元",
        "On Monday it broke.\nOn Tuesday too.",
        "-- not a signature --",
        "a > b and c < d",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert own_words(text) == text


def test_an_answer_below_or_between_what_is_quoted_stays():
    text = "On Mon, Mar 2, 2026 Care wrote:\n> when?\n\nTomorrow.\n\n> where?\nAt home."
    assert own_words(text) == "Tomorrow.\n\nAt home."


def test_where_nothing_would_be_left_all_is():
    assert own_words("> quoted\n> only\n") == "> quoted\n> only"
    assert own_words("发件人: a\n收件人: b\n\n请处理") == "发件人: a\n收件人: b\n\n请处理"


@given(st.text(alphabet="On wrote:>在写道：发件人From: 1\n-_ ", max_size=300))
def test_something_is_left_of_whatever_says_something(text):
    assert bool(own_words(text)) == bool(text.strip())
