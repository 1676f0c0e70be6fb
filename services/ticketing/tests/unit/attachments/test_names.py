import unicodedata

import pytest
from careloop_ticketing.attachments.policy import names
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_name", "media_type", "kept"),
    [
        ("发票.pdf", "application/pdf", "发票.pdf"),
        ("../../etc/passwd", "text/plain; charset=utf-8", "passwd.txt"),
        ("C:\\用户\\发票.PDF", "application/pdf", "发票.PDF"),
        ("报告\u202egpj.exe", "image/jpeg", "报告gpj.exe.jpg"),
        ("a\0b\r\n.png", "image/png", "ab.png"),
        ("run.bat", "text/plain", "run.bat.txt"),
        ("a.b.csv", "text/csv; charset=gb18030", "a.b.csv"),
        ('<"x">|?.png', "image/png", "__x____.png"),
        ("e\u0301.png", "image/png", "é.png"),
        ("  ..  ", "image/png", "attachment.png"),
        (".png", "image/png", "png.png"),
        (None, "audio/amr", "attachment.amr"),
        ("电话", "audio/amr", "电话.amr"),
    ],
)
def test_names_are_cleaned_and_end_in_what_the_file_is(given_name, media_type, kept):
    assert names.cleaned(given_name, media_type) == kept


@given(st.text(max_size=1000))
def test_a_name_is_short_visible_and_no_path(given_name):
    kept = names.cleaned(given_name, "image/png")
    assert 0 < len(kept) <= names.LONGEST
    assert kept.lower().endswith(".png")
    assert not set(kept) & set('/\\<>:"|?*\0')
    assert not any(unicodedata.category(one) in {"Cc", "Cf"} for one in kept)
    assert names.cleaned(kept, "image/png") == kept


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf", "发票.pdf"),
        ("attachment; filename=\"x.pdf\"; filename*=utf-8'zh'%E5%8F%91.pdf", "发.pdf"),
        ("attachment; filename*=ISO-8859-1''na%EFve.txt", "naïve.txt"),
        ('attachment; filename="a \\"b\\".png"', 'a "b".png'),
        ("inline;filename=plain.png", "plain.png"),
        ('attachment; filename="发票.pdf"'.encode().decode("latin-1"), "发票.pdf"),
        ("attachment; filename*=UTF-8''%FF.pdf", "\ufffd.pdf"),
        ("attachment", None),
        ("attachment; filename*=x''y", None),
    ],
)
def test_the_name_of_a_disposition(header, name):
    assert names.of_disposition(header) == name


@given(st.text(min_size=1, max_size=60))
def test_a_name_comes_back_as_it_was(given_name):
    kept = names.cleaned(given_name, "image/png")
    header = names.disposition(kept)
    assert header.isascii()
    assert header.isprintable()
    assert names.of_disposition(header) == kept
