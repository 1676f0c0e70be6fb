import contextlib
import io
import zipfile

import pytest
from careloop_ticketing.attachments import errors
from careloop_ticketing.attachments.policy import media
from hypothesis import given
from hypothesis import strategies as st

INVOICE = "发票号码,金额\n0001,58.00\n"


@pytest.fixture
def refused(of):
    def check(data, error, claimed=None):
        with pytest.raises(error) as found:
            media.media_type(of(data), claimed)
        return found.value

    return check


def test_every_type_is_known_by_its_content(of, files):
    for expected, data in files.items():
        assert media.media_type(of(data), None) == expected
        assert media.media_type(of(data), expected.upper() + "; a=b") == expected
        assert media.media_type(of(data), "application/octet-stream") == expected
    assert set(media.EXTENSIONS) - set(files) == {"text/plain", "text/csv", "audio/3gpp"}


def test_no_type_passes_for_another(files, refused):
    for real in files:
        for claimed in media.EXTENSIONS:
            narrower = {("video/mp4", "audio/mp4"), ("video/3gpp", "audio/3gpp")}
            if claimed != real and (real, claimed) not in narrower:
                found = refused(files[real], errors.AttachmentTypeMismatch, claimed)
                assert found.extra["found"] == real


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_text_is_utf_8_or_gb18030(of, encoding):
    charset = encoding.removesuffix("-sig")
    data = INVOICE.encode(encoding)
    assert media.media_type(of(data), None) == f"text/plain; charset={charset}"
    assert media.media_type(of(data), "text/csv") == f"text/csv; charset={charset}"
    assert media.media_type(of(data), "application/vnd.ms-excel") == f"text/csv; charset={charset}"


def test_a_character_that_two_pieces_share_is_one(of):
    assert media.media_type(of(b"a" + "票".encode() * 200_000), None) == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "data",
    [INVOICE.encode("utf-16"), b"a\0b", b"bell \x07", b"\x1b[31mred", b"\x81", b"caf\xe9"],
)
def test_what_has_control_characters_or_another_encoding_is_no_text(refused, data):
    refused(data, errors.AttachmentTypeUnsupported)
    refused(data, errors.AttachmentTypeMismatch, "text/plain")


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><p>",
        b"\xef\xbb\xbf \n<HTML>",
        b"<script>alert(1)</script>",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<svg onload=alert(1)>",
        b"<!-- --><html>",
        b"<a href=x>",
        b"#!/bin/sh\nrm -rf /\n",
        b"{\\rtf1 }",
        b"@echo off\r\ndel *.*\r\n",
        b"rem hello\r\n  @ECHO OFF\r\n",
        b'Set shell = CreateObject("WScript.Shell")\r\nshell.Run "calc"',
        b"powershell -enc AAAA",
        b"<input autofocus onfocus=alert(1)>",
        b"see <x/onclick =go()>",
        b"first line\n<script>alert(1)</script>",
        b"a" * 262_140 + b"<script >",
        b"MZ\x90\0\x03\0\0\0",
        b"\x7fELF\x02\x01\x01\0",
        b"\xca\xfe\xba\xbe\0\0\0\x34",
    ],
)
@pytest.mark.parametrize("claimed", [None, "text/plain", "image/png"])
def test_what_would_run_is_refused_whatever_it_claims(refused, data, claimed):
    refused(data, errors.AttachmentUnsafe, claimed)


TALK = (
    "echo off the wall",
    "the script onload=1 failed",
    "say <b> on = off </b> a",
    "<price on request>",
    "turn it on=off",
    "I use PowerShell - daily",
    "create object (shell)",
)


def test_text_may_compare_and_quote(of):
    for text in ("< 5 and > 3", "a <b> c", "<andrew@example.com> wrote", "#1 #!", *TALK):
        assert media.media_type(of(text.encode()), "text/plain") == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "claimed",
    [
        "image/svg+xml",
        "text/html",
        "application/zip",
        "application/x-msdownload",
        "video/quicktime",
        "nonsense",
    ],
)
def test_a_claimed_type_that_is_not_taken_is_refused_by_its_name(refused, files, claimed):
    found = refused(files["image/png"], errors.AttachmentTypeUnsupported, claimed)
    assert "image/png" in found.extra["supported"]


def test_an_empty_file_is_none(refused):
    refused(b"", errors.AttachmentEmpty, "image/png")


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "audio/mp4", "image/heic", "audio/mpeg"])
def test_a_beginning_is_not_a_file(files, refused, kind):
    refused(files[kind][:30], errors.AttachmentTypeMismatch, kind)


STRUCTURED = [
    "image/jpeg",
    "image/gif",
    "image/webp",
    "audio/wav",
    "audio/amr",
    "audio/amr-wb",
    "application/pdf",
]


@pytest.mark.parametrize("kind", STRUCTURED)
def test_a_file_that_was_cut_off_anywhere_is_none_of_its_type(files, refused, kind):
    # The last byte may be white space behind the end, or what fills up to an even length.
    for length in range(1, len(files[kind]) - 1):
        refused(files[kind][:length], (errors.AttachmentTypeMismatch, errors.AttachmentUnsafe), kind)


LIARS = {
    "jpeg": ("image/jpeg", b"\xff\xd8\xff\xe0MZ" + bytes(range(256)) * 4),
    "jpeg with an end": ("image/jpeg", b"\xff\xd8\xff\xe0MZ" + bytes(range(256)) * 4 + b"\xff\xd9"),
    "jpeg of no size": ("image/jpeg", b"\xff\xd8\xff\xda\0\x08\x01\x01\0\0\x3f\0\xd2\xff\xd9"),
    "gif": ("image/gif", b"GIF89a=1;alert('x')//\0<script>"),
    "gif of nothing": ("image/gif", b"GIF89a\x01\0\x01\0\0\0\0;"),
    "webp": ("image/webp", b"RIFF\x40\0\0\0WEBPVP8 \x7fELF\x02\x01\x01" + bytes(49)),
    "wav": ("audio/wav", b"RIFF\x40\0\0\0WAVEfmt junk" + bytes(52)),
    "wav without a format": ("audio/wav", b"RIFF\x0e\0\0\0WAVEdata\x02\0\0\0\0\0"),
    "amr": ("audio/amr", b"#!AMR\nrm -rf /\n\0"),
    "amr of nothing": ("audio/amr", b"#!AMR\n"),
    "wide amr": ("audio/amr-wb", b"#!AMR-WB\n\x54\0"),
    "pdf": ("application/pdf", b"%PDF-1.7\njunk \0\xff junk\n%%EOF"),
    "pdf that leads nowhere": ("application/pdf", b"%PDF-1.7\n1 0 obj<<>>endobj \0\nstartxref\n9999\n%%EOF"),
    "pdf of nothing": ("application/pdf", b"%PDF-1.7\nxref\0\nstartxref\n9\n%%EOF"),
}


@pytest.mark.parametrize(("kind", "data"), LIARS.values(), ids=LIARS)
def test_the_first_bytes_of_a_type_do_not_make_one(refused, kind, data):
    refused(data, (errors.AttachmentTypeMismatch, errors.AttachmentUnsafe), kind)  # some are scripts as well


def test_something_behind_a_file_is_no_part_of_it(files, refused):
    for kind in ("image/jpeg", "image/gif", "image/webp", "audio/wav", "audio/amr"):
        refused(files[kind] + b"\x01<anything>", errors.AttachmentTypeMismatch, kind)


def test_a_photo_with_a_second_one_or_a_film_behind_it_is_a_photo(of, files):
    jpeg = files["image/jpeg"]
    for behind in (jpeg, files["video/mp4"], bytes(9)):
        assert media.media_type(of(jpeg + behind), "image/jpeg") == "image/jpeg"


def test_a_recording_that_was_streamed_does_not_know_its_length(of, files):
    wav = files["audio/wav"]
    open_end = b"\xff\xff\xff\xff"
    streamed = wav[:4] + open_end + wav[8:40] + open_end + wav[44:]
    assert media.media_type(of(streamed), None) == "audio/wav"


def test_a_claim_may_say_more_than_the_content_does(of, files):
    assert media.media_type(of(files["video/mp4"]), "audio/x-m4a") == "audio/mp4"
    assert media.media_type(of(files["video/3gpp"]), "audio/3gpp") == "audio/3gpp"
    assert media.media_type(of(files["image/jpeg"]), "image/jpg") == "image/jpeg"


def test_a_tag_in_front_of_music_is_no_music(of, files, refused):
    tag = b"ID3\x04\0\0\0\0\x02\x01" + bytes(257)
    assert media.media_type(of(tag + bytes(100) + files["audio/mpeg"]), "audio/mpeg") == "audio/mpeg"
    refused(tag + b"anything", errors.AttachmentTypeMismatch, "audio/mpeg")
    refused(b"\xff\xfb\x90\0" + bytes(300), errors.AttachmentTypeMismatch, "audio/mpeg")


class TestTwoAtOnce:
    def test_a_picture_with_an_archive_at_its_end_is_refused(self, files, office, refused):
        for kind in ("image/jpeg", "image/gif", "application/pdf", "audio/wav"):
            refused(files[kind] + office(), errors.AttachmentUnsafe, kind)
        refused(files["image/gif"] + office(), errors.AttachmentUnsafe)
        refused(files["image/png"] + office(), errors.AttachmentUnsafe, "image/png")

    def test_a_picture_with_a_pdf_at_its_beginning_is_refused(self, files, refused):
        refused(files["image/gif"] + files["application/pdf"], errors.AttachmentUnsafe)

    def test_a_document_with_something_behind_or_before_it_is_refused(self, office, refused, files):
        refused(office() + b"x", errors.AttachmentTypeUnsupported)
        before = files["image/gif"] + office()
        refused(b"PK\x03\x04" + before, errors.AttachmentUnsafe)


class TestArchives:
    def test_only_documents_are_taken(self, refused):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("setup.exe", b"MZ")
        refused(held.getvalue(), errors.AttachmentTypeUnsupported)

    @pytest.mark.parametrize(
        "part",
        [
            "word__vbaProject.bin",
            "word__activeX__activeX1.xml",
            "word__embeddings__oleObject1.bin",
            "xl__macrosheets__1.xml",
        ],
    )
    def test_macros_and_programs_inside_are_refused(self, office, refused, part):
        refused(office(**{part: b"x"}), errors.AttachmentUnsafe)
        macro = "<Override ContentType='application/vnd.ms-word.document.macroEnabled.main+xml'/>"
        refused(office(listed=macro), errors.AttachmentUnsafe)

    def test_a_sheet_inside_of_a_document_is_none_of_them(self, of, office):
        assert media.media_type(of(office(word__embeddings__sheet1=b"PK")), None).endswith("document")

    def test_bombs_are_refused_and_dense_parts_that_are_small_are_not(self, of, office, refused):
        assert media.media_type(of(office(xl__sheet1=b"\0" * (1 << 20))), None)
        refused(office(xl__sheet1=b"\0" * (2 << 20)), errors.AttachmentUnsafe)

    def test_a_list_of_contents_that_lies_is_refused(self, office, refused):
        good = office()
        start, count = good.rindex(b"PK\x05\x06"), good.index(b"PK\x01\x02")
        refused(
            good[:start] + good[start:].replace(b"\x02\0\x02\0", b"\xff\x7f\xff\x7f"), errors.AttachmentUnsafe
        )
        refused(
            good[:start] + good[start:].replace(b"\x02\0\x02\0", b"\x01\0\x01\0"), errors.AttachmentUnsafe
        )
        refused(good[:count] + b"PK\x01\x03" + good[count + 4 :], errors.AttachmentUnsafe)
        offset = good[start + 16 : start + 20]
        refused(good[: start + 16] + bytes([offset[0] ^ 1]) + good[start + 17 :], errors.AttachmentUnsafe)

    def test_entries_that_lie_over_each_other_are_refused(self, office, refused):
        good = bytearray(office(word__a=b"x" * 100))
        second = good.index(b"PK\x01\x02", good.index(b"PK\x01\x02") + 1)
        good[second + 42 : second + 46] = bytes(4)
        refused(bytes(good), errors.AttachmentUnsafe)


@given(
    data=st.binary(max_size=400),
    start=st.sampled_from([b"", b"PK\x03\x04", b"ID3\x03\0\0", b"OggS\0", b"\0\0\0\x18ftypisom"]),
)
def test_whatever_comes_gets_a_type_or_a_problem(of, data, start):
    with contextlib.suppress(errors.DomainError):
        assert media.media_type(of(start + data), None).partition(";")[0] in media.EXTENSIONS


@given(place=st.integers(0, 10_000), mask=st.integers(1, 255))
def test_a_damaged_document_gets_a_type_or_a_problem(of, office, place, mask):
    data = bytearray(office())
    data[place % len(data)] ^= mask
    with contextlib.suppress(errors.DomainError):
        assert media.media_type(of(bytes(data)), None)
