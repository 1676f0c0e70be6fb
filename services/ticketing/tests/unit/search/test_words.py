import unicodedata
from itertools import pairwise, product

import pytest
from careloop_ticketing.search.errors import SearchUnclear
from careloop_ticketing.search.policy import LONGEST, marker, wanted, words_of
from hypothesis import assume, example, given
from hypothesis import strategies as st

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=40)
LATIN = st.text("abcXYZ0189éß", min_size=1, max_size=12)
MIXED = st.lists(st.one_of(CHINESE, LATIN), min_size=1, max_size=6).map("".join)
NOISE = st.text(max_size=200)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("手机信号", {"手机", "机信", "信号"}),
        ("Slow broadband, SLOW!", {"slow", "broadband"}),
        ("ＡＢＣ１２３", {"abc123"}),
        ("办5G卡", {"5g", "办5g", "5g卡"}),
        ("话费,账单", {"话费", "账单"}),
        ("a-b_c", {"a", "b", "c"}),
        ("我 要", set()),
        ("", set()),
        ("!?。、", set()),
        ("カード と 한국어", {"カー", "ード", "한국", "국어"}),
    ],
)
def test_a_text_is_found_by_pairs_of_characters_and_by_whole_words(text, words):
    assert words_of(text) == words


@given(MIXED, MIXED, CHINESE, st.data())
@example("", "", "信号", None)
def test_two_or_more_characters_of_a_text_are_found_in_it(before, after, characters, data):
    start = data.draw(st.integers(0, len(characters) - 2)) if data else 0
    end = data.draw(st.integers(start + 2, len(characters))) if data else 2
    assert wanted(characters[start:end]) <= words_of(before + characters + after)


@given(NOISE, LATIN, NOISE)
def test_a_word_of_a_text_is_found_in_it(before, word, after):
    assert wanted(word) <= words_of(f"{before} {word} {after}")


@given(CHINESE, LATIN, CHINESE)
def test_a_word_with_one_character_beside_it_is_found(before, word, after):
    text = words_of(before + word + after)
    assert wanted(before[-1] + word) <= text
    assert wanted(word + after[0]) <= text
    assert wanted(before[-1] + word + after[0]) <= text


@given(MIXED)
def test_width_and_case_make_no_difference(text):
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
    assert words_of(wide) == words_of(text) == words_of(text.upper().lower()) == words_of(text.title())


@pytest.mark.parametrize("query", ["?!,。", "😀", "👨‍👩‍👧 ❤️", "\0"])
def test_signs_are_no_words(query):
    assert wanted(query) == frozenset()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("網路不通，帳單錯誤", "网路 账单"),
        ("网路不通", "網路"),
        ("帐单", "账单"),
        ("café à la crème", "CAFE CREME"),
        ("Strasse", "straße"),
        ("Điện thoại bị hỏng", "hong"),
        ("カードがガス", "ガス"),
        ("投诉\u200b客服", "诉客"),
        ("\ufeffWi\u00adFi\u200e断了", "wifi断"),
        ("断网", "断\u2060网"),
    ],
)
def test_accents_and_ways_of_writing_make_no_difference(text, query):
    assert wanted(query) <= words_of(text)


def test_the_marks_of_japanese_make_other_letters():
    assert not wanted("かす") <= words_of("がす")


MOBILE = [
    "13900123456",
    "139-0012-3456",
    "139 0012 3456",
    "+86 139 0012 3456",
    "+8613900123456",
    "8613900123456",
    "+86139-0012-3456",
]
FIXED = ["075588888888", "0755-88888888", "(0755) 8888 8888", "0755 8888-8888"]


@pytest.mark.parametrize("numbers", [MOBILE, FIXED])
def test_a_telephone_number_is_found_however_it_is_grouped(numbers):
    for written, asked in product(numbers, numbers):
        assert wanted(asked) <= words_of(f"请回电{written}，谢谢"), (written, asked)


@given(st.text("0123456789", min_size=7, max_size=15), st.lists(st.integers(1, 14), max_size=4), NOISE)
def test_digits_are_found_across_separators(digits, cuts, before):
    ends = sorted({0, len(digits), *(cut for cut in cuts if cut < len(digits))})
    written = "-".join(digits[start:end] for start, end in pairwise(ends))
    text = words_of(f"{before} x {written} x")
    assert wanted(digits) <= text
    assert wanted(written) <= text


@pytest.mark.parametrize("numbers", [MOBILE, FIXED])
def test_a_telephone_number_is_found_with_what_stands_before_and_behind_it(numbers):
    for written, asked in product(numbers, numbers):
        text = words_of(f"来电号码{written}停机三天")
        for query in (f"号码{asked}", f"{asked}停机", f"号码{asked}停机"):
            assert wanted(query) <= text, (written, query)
    assert not wanted(f"停机{numbers[0]}") <= words_of(f"来电号码{numbers[0]}")


@pytest.mark.parametrize(
    "number", ["861536030196001", "0086138001380001234", "20861381234567801", "IMEI8613912345678"]
)
def test_digits_that_look_like_a_mobile_number_within_a_longer_one_are_no_telephone_number(number):
    assert wanted(number) <= words_of(f"串号 {number} 无法开机")
    assert wanted(f"串号{number}") <= words_of(f"串号{number}")


def test_digits_as_long_as_a_telephone_number_are_found_within_a_word():
    text = words_of("手机IMEI861536030196001打不开，tel13900123456，ORD2026")
    for query in ("861536030196001", "手机 861536030196001", "139 0012 3456", "imei861536030196001"):
        assert wanted(query) <= text
    for part in ("8615360301", "2026"):
        assert not wanted(part) <= text


def test_one_character_is_searched_beside_a_number_in_one_piece_alone():
    assert wanted("打13900123456") <= words_of("请打13900123456")
    assert not wanted("打13900123456") <= words_of("请回13900123456")
    for number in ("139-0012-3456", "+8613900123456"):
        with pytest.raises(SearchUnclear):
            wanted(f"打{number}")


def test_numbers_that_only_stand_beside_each_other_are_still_found_in_another_order():
    assert wanted("1390012 10086") <= words_of("10086 1390012")


@given(NOISE)
def test_whatever_is_written_has_words_that_an_index_can_hold(text):
    words = words_of(text)
    assert all(word and len(word) <= LONGEST + 1 and "\0" not in word and "#" not in word for word in words)
    assert marker(7) not in words


@given(NOISE)
def test_whatever_is_asked_for_is_searched_or_refused(query):
    try:
        assert wanted(query) <= words_of(query)
    except SearchUnclear:
        return


@pytest.mark.parametrize("query", ["", "  ", "\u3000", "卡", "卡 坏", "信号 卡"])
def test_what_has_no_word_is_refused(query):
    with pytest.raises(SearchUnclear) as refused:
        wanted(query)
    assert refused.value.pointer == "q"


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=LONGEST, max_size=300))
def test_a_word_of_any_length_is_found(word):
    assume(unicodedata.normalize("NFKC", word).isalnum())
    try:
        assert wanted(word) <= words_of(f"see {word}.")
    except SearchUnclear:
        pytest.fail("a long word is a word")
