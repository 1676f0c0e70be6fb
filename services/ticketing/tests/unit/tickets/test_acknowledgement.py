from datetime import timedelta

import pytest
from careloop_ticketing.tickets import acknowledgement
from careloop_ticketing.vocabulary import Kind


@pytest.mark.parametrize(
    ("within", "zh", "en"),
    [
        (timedelta(seconds=1), "1 秒", "1 second."),
        (timedelta(seconds=90), "90 秒", "90 seconds."),
        (timedelta(minutes=30), "30 分钟", "30 minutes."),
        (timedelta(hours=2), "2 小时", "2 hours."),
        (timedelta(days=3), "3 天", "3 days."),
    ],
)
def test_it_promises_the_first_answer_in_the_largest_whole_unit(within, zh, en):
    assert f"我们将在 {zh}内与您联系" in acknowledgement.text(
        "C-1", Kind.FAULT, language="zh-CN", within=within
    )
    assert acknowledgement.text("C-1", Kind.FAULT, language="en", within=within).endswith(f"within {en}")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_words(kind):
    assert "C-7" in acknowledgement.text("C-7", kind, language="zh", within=timedelta(hours=1))
