"""What is made to be slow is judged as fast as anything else."""

import contextlib

import pytest
from careloop_common.errors import DomainError
from careloop_ticketing.attachments.errors import AttachmentUnsafe
from careloop_ticketing.attachments.policy import media

FILES = {
    "pdf of digits": ("application/pdf", b"%PDF-1.7\n" + b"1" * (1 << 20) + b"\nstartxref\n9\n%%EOF\n"),
    "jpeg of segments": ("image/jpeg", b"\xff\xd8" + b"\xff\xe0\0\2" * (5 << 18)),
    "jpeg of fill bytes": ("image/jpeg", b"\xff\xd8" + b"\xff" * (5 << 20)),
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_made_to_be_slow_is_judged_at_once(of, kind):
    claimed, data = FILES[kind]
    with contextlib.suppress(DomainError):
        assert media.media_type(of(data), claimed) != claimed


@pytest.mark.timeout(10)
def test_addresses_without_number_are_read_once(of):
    """Looking from each of them for a bracket took a quarter of a minute for a quarter of a mebibyte."""
    text = b"javascript:" * (1 << 17)
    assert media.media_type(of(text), "text/plain") == "text/plain; charset=utf-8"
    with pytest.raises(AttachmentUnsafe):
        media.media_type(of(text + b"alert(1)"), "text/plain")
