import pytest
from careloop_campaign.audience.policy import language

KNOWN = frozenset({"zh", "en"})


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("zh-Hans-CN", "zh"), ("en_GB", "en"), ("EN", "en"), ("fr", "zh"), ("", "zh"), (None, "zh")],
)
def test_the_customers_language_where_there_is_a_text_in_it(tag, expected):
    assert language(tag, KNOWN, "zh") == expected
