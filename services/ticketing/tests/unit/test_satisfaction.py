import pytest
from careloop_ticketing.satisfaction import policy
from careloop_ticketing.satisfaction.policy import Outcome, Said
from hypothesis import given
from hypothesis import strategies as st

SIGNS = st.sampled_from([" ", "，", ", ", " - ", "。", ". ", "：", "、", "\n", "!"])
SCORES = st.integers(1, 5)
DIGITS = ("12345", "１２３４５", "一二三四五")
OTHERS = st.text(st.characters(exclude_categories=["Nd", "No", "Nl", "Cs", "Cc"]), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("很好", 5),
        ("好", 4),
        ("一般", 3),
        ("差", 1),
        (" 差！", 1),
        ("非常满意", 5),
        ("满意，谢谢", 4),
        ("不满意", 2),
        ("Good", 4),
        ("very good", 5),
        ("Very  Satisfied.", 5),
        ("dissatisfied", 2),
        ("so-so", 3),
        ("poor!", 1),
        ("5", 5),
        ("５", 5),
        ("4.", 4),
        ("五", 5),
        ("(3)", 3),
        ("【2】", 2),
        ("5️⃣", 5),
        ("5分", 5),
        ("1 星", 1),
        ("4 stars", 4),
        ("5 非常满意", 5),
        ("5非常满意", 5),
        ("5 - very satisfied", 5),
        ("4 out of 5", 4),
        ("5，谢谢", 5),
    ],
)
def test_an_answer_has_its_score(reply, score):
    assert policy.understand(reply).score == score


@pytest.mark.parametrize(
    "reply",
    [
        "还行",
        "",
        "  ",
        "。",
        "谢谢",
        "好的",
        "不好",
        "好吗",
        "0",
        "6",
        "15",
        "55",
        "1-5",
        "5-1",
        "3~5",
        "4/5",
        "4.5",
        "4,5",
        "-5",
        "5%",
        "5 or 1",
        "4或5",
        "4 或 5",
        "5 还是 1",
        "5 1",
        "5、4",
        "4到5",
        "5 maybe 4",
        "5 or very bad",
        "5? 4?",
        "5 or maybe good",
        "5 差",
        "5非常不满意",
        "1 very satisfied",
        "5 未去过",
        "未去过 5",
        "好 差",
        "good or bad",
        "between 4 and 5",
        "5G信号差",
        "5天了没人管",
        "5分钟没人接",
        "1个月",
        "3rd time",
        "5+",
        "no 5",
        "5 分 1 分",
        "5\x00",
    ],
)
def test_what_could_be_anything_else_is_refused(reply):
    assert policy.understand(reply) is None


@pytest.mark.parametrize(
    ("reply", "comment"),
    [
        ("2 等了3天，没人理我", "等了3天，没人理我"),
        ("2 waited 3 days", "waited 3 days"),
        ("5, and thanks to Ms Li", "and thanks to Ms Li"),
        ("5 非常满意，李女士很耐心", "李女士很耐心"),
        ("4分。再快点就好", "再快点就好"),
    ],
)
def test_what_follows_a_digit_is_a_comment(reply, comment):
    assert policy.understand(reply) == Said(int(reply[0]), comment)


@pytest.mark.parametrize("reply", ["未去过", " 没去过。", "Not visited", "have not been there"])
def test_who_was_never_there_has_no_score(reply):
    assert policy.understand(reply) == Said(None)


@given(SCORES, st.sampled_from(DIGITS), st.sampled_from(["", " ", "。", "!", " \n"]))
def test_every_digit_is_understood_however_it_is_written(score, digits, end):
    assert policy.understand(digits[score - 1] + end) == Said(score)


@given(
    st.integers().filter(lambda number: number not in range(1, 6)) | st.floats().filter(lambda f: f % 1 != 0)
)
def test_no_other_number_is_a_score(number):
    assert policy.understand(str(number)) is None


@given(
    SCORES,
    SCORES,
    st.sampled_from(["-", "/", "~", " ", "、", "，", " or ", "或", "到", " to ", "还是", " maybe ", ""]),
)
def test_two_digits_are_no_answer(one, other, between):
    assert policy.understand(f"{one}{between}{other}") is None


@given(SCORES, SIGNS, st.sampled_from(sorted(policy._MEANINGS)))
def test_a_digit_and_words_have_to_agree(score, between, words):
    agreed = policy._MEANINGS[words].score == score
    assert policy.understand(f"{score}{between}{words}") == (Said(score) if agreed else None)


@given(SCORES, SIGNS, OTHERS)
def test_a_comment_without_digits_changes_no_score(score, between, comment):
    said = policy.understand(f"{score}{between}{comment}")
    assert said is None or said.score == score


@given(SCORES, st.characters(categories=["L"]))
def test_a_digit_that_runs_into_a_word_is_none(score, letter):
    assert policy.understand(f"{score}{letter}x") is None


@given(st.text(max_size=60))
def test_no_reply_breaks_the_reading(reply):
    said = policy.understand(reply)
    assert said is None or said.score in {None, 1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("score", "reopened_before", "outcome"),
    [
        (5, False, Outcome.ARCHIVE),
        (3, False, Outcome.ARCHIVE),
        (2, False, Outcome.REOPEN),
        (1, False, Outcome.REOPEN),
        (1, True, Outcome.ARCHIVE),
        (None, False, Outcome.ARCHIVE),
    ],
)
def test_an_answer_in_time_closes_the_ticket_or_reopens_it_once(score, reopened_before, outcome, noon, after):
    decided = policy.outcome(score, open_until=after(hours=1), reopened_before=reopened_before, now=noon)
    assert decided is outcome


@pytest.mark.parametrize("score", [1, 5, None])
def test_a_late_answer_is_only_recorded(score, noon):
    for open_until in (None, noon):
        decided = policy.outcome(score, open_until=open_until, reopened_before=False, now=noon)
        assert decided is Outcome.RECORD
