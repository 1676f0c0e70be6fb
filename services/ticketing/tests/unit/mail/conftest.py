from pathlib import Path

import pytest
from careloop_ticketing.mail.policy import reading

MAILS = Path(__file__).parent / "mails"


@pytest.fixture
def mail():
    """`mail("gbk")`: what the message in mails/gbk.eml says."""
    return lambda name: reading.read((MAILS / f"{name}.eml").read_bytes())


@pytest.fixture(scope="session")
def mails():
    """All of these messages, as bytes."""
    return [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]
