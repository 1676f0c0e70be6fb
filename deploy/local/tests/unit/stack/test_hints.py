"""Lines that a person copies into a shell."""

import re
import shlex

import pytest
from careloop_local.demo.platform import Stack
from careloop_local.settings import LocalSettings
from careloop_local.stack import watch
from careloop_local.stack.config import StackConfig


@pytest.fixture
def home(tmp_path):
    return tmp_path / "家 with space's"


def key_in(line):
    """The file that the shell would read the key from."""
    return shlex.split(re.search(r"cat (.*)\)\" http", line)[1])


def test_the_line_to_try_is_right_for_any_home(home):
    said = watch.banner(home, {"gateway_url": "http://127.0.0.1:8080"}, 1.0)
    assert key_in(said) == [str(home / "secrets" / "admin.key")]


def test_so_is_the_one_that_shows_a_customer(home):
    stack = Stack(StackConfig(LocalSettings(home=home)), None)
    assert key_in(stack.addresses("c1")["360° view"]) == [str(home / "secrets" / "admin.key")]
