"""Each code that a client can branch on is documented, and nothing else is."""

import re
from collections import Counter
from pathlib import Path

import pytest
from careloop_common.errors import STATUS
from careloop_local.docs import errors, settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def known():
    return errors.collect()


def test_every_error_is_documented_and_no_page_is_stale(known):
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^### (\w+)$", page, re.MULTILINE))
    assert documented == {error.code for error in known} | {code for code, *_ in errors.FRAMEWORK}
    assert page == errors.render(known), "run: make docs"


def test_a_code_means_one_thing(known):
    counts = Counter(error.code for error in known)
    twice = {error.code: error for error in known if counts[error.code] > 1}
    assert not twice


def test_every_error_states_kind_code_and_title(known):
    for error in known:
        assert error.kind in STATUS, error
        assert re.fullmatch(r"[a-z][a-z0-9_]*", error.code), error
        assert error.title, error


def test_every_setting_is_documented():
    page = (DOCS / "operations" / "settings.md").read_text(encoding="utf-8")
    found = settings.collect()
    assert page == settings.render(found), "run: make docs"


def test_every_process_has_its_section():
    prefixes = {found.model_config.get("env_prefix") for found in settings.collect()}
    assert prefixes == {"", "PROFILE_", "TICKETING_", "CAMPAIGN_", "SCORING_", "GATEWAY_", "CARELOOP_"}
