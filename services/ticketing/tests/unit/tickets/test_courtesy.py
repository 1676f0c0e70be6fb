import time

import pytest
from careloop_ticketing.tickets.courtesy import is_courtesy


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "谢谢！",
        "非常感谢您的帮助",
        "好的，谢谢",
        "收到",
        "👍 谢谢啦~",
        "辛苦了，已解决",
        "Thanks a lot!",
        "thank you so much",
        "OK",
        "Thanks, it works now.",
        "您好，已经好了，谢谢！",
        "问题已解决，非常感谢",
        "可以了，谢谢客服",
        "已恢復正常了，謝謝您的幫忙",
        "Hi team, thank you very much for your quick reply!\n\nBest regards",
        "Fixed, thanks :)",
        "It’s working now",
        "👍🏻",
        "🙏🙏",
        "收到[玫瑰]",
        "非常满意，谢谢",
        "很好！",
        "Very good, thanks",
        "ＯＫ",
    ],
)
def test_courtesy(text):
    assert is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!!!",
        "你好",
        "你好啦",
        "Hello!",
        "收到 😡",
        "谢谢👎",
        "已解决 ❌",
        "OK :(",
        "Thanks -_-",
        "谢谢🙂",
        "Great. Again.",
        "收到⁉",
        "谢谢؟",
        "好的，帮忙",
        "好的，网络问题",
        "no problem solved",
        "你们满意了！",
        "不是很好",
        "not very satisfied",
        "您好！",
        "谢谢，但是还没好",
        "好了吗",
        "收到？",
        "不好",
        "没解决",
        "没有收到",
        "帮忙",
        "OK, not solved",
        "thanks for nothing",
        "not great",
        "1",
        "谢谢 3",
        "还是不对",
        "我要投诉，谢谢",
    ],
)
def test_no_courtesy(text):
    assert not is_courtesy(text)


@pytest.mark.parametrize(
    "text", ["好的" * 5_000 + "吗", "谢谢 " * 3_000 + "x", "!" * 10_000, "thank u" * 1_500]
)
def test_no_text_takes_long(text):
    began = time.process_time()
    is_courtesy(text)
    assert time.process_time() - began < 0.05
