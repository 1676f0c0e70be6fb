import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from careloop_profile.collection import policy
from careloop_profile.collection.policy import Saying, Trait
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ONE = UUID(int=1)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
TRAITS = st.dictionaries(
    st.text(max_size=12),
    st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner), max_leaves=6
    ),
    max_size=8,
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Order Completed", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("HTTPServer Error", "http_server_error"),
        ("Crème brûlée", "creme_brulee"),
        ("cn.weibo.mention", "cn.weibo.mention"),
        ("2nd visit", "event_2nd_visit"),
    ],
)
def test_an_event_keeps_its_name(name, kind):
    assert policy.kind_of(name) == kind


@given(st.text(min_size=1, max_size=200))
def test_every_event_has_a_kind_and_the_same_one_each_time(name):
    kind = policy.kind_of(name)
    assert re.fullmatch(r"[a-z][a-z0-9_.-]{0,47}", kind)
    assert policy.kind_of(name) == kind


@given(
    st.lists(st.sampled_from(["提交订单", "查询话费", "套餐 A", "套餐 B", "a" * 60, "a" * 61]), min_size=2)
)
def test_events_of_other_names_are_other_kinds(names):
    assert len({policy.kind_of(name) for name in names}) == len(set(names))


@given(st.text(max_size=80), st.text(st.sampled_from("abc:019-"), min_size=3, max_size=20))
def test_a_source_is_one_that_customers_may_have(name, actor_id):
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", policy.source_of(name, f"key:{actor_id}"))


@given(TRAITS)
def test_whatever_traits_say_becomes_attributes_that_a_customer_may_have(traits):
    for name, value in policy.spoken(traits).items():
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name)
        assert value is None or isinstance(value, str | int | float)
        assert value == value  # noqa: PLR0124  (no NaN)
        assert not isinstance(value, str) or re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,1000}", value)


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({"firstName": "Wei", "lastName": "Zhang"}, {"name": "Wei Zhang"}),
        ({"first_name": "伟", "last_name": "张", "name": "张伟明"}, {"name": "张伟明"}),
        ({"mobile": 13801234567, "手机": None}, {"phone": "13801234567"}),
        ({"phone": "", "mobile": "138 0123 4567", "phoneNumber": ""}, {"phone": "138 0123 4567"}),
        ({"firstName": "Wei", "name": None}, {"name": "Wei"}),
        ({"mobile": None}, {"phone": None}),
        (
            {"address": {"street": "1 Main St", "city": "Reno", "state": "NV", "postalCode": "89501"}},
            {"address": "1 Main St, Reno, NV 89501"},
        ),
        ({"company": {"name": "A", "size": 3, "deep": {"er": 1}}}, {"company_name": "A", "company_size": 3}),
        ({"username": "w", "avatar": "x", "id": 1, "会员": 1}, {}),
    ],
)
def test_traits_have_the_names_of_here(traits, expected):
    assert policy.spoken(traits) == expected


@given(st.permutations([(at, uid) for at in range(3) for uid in "abc"]))
def test_the_word_that_counts_does_not_depend_on_the_order(order):
    said = [(Trait(ONE, "plan"), Saying(at, uid, f"{at}{uid}")) for at, uid in order]
    assert policy.latest(said)[Trait(ONE, "plan")].value == "2c"


@given(
    MOMENTS,
    st.timedeltas(timedelta(0), timedelta(hours=1)),
    st.timedeltas(timedelta(days=-400), timedelta(days=400)),
)
def test_a_wrong_clock_moves_nothing_that_it_measured(claimed, until_sent, wrong_by):
    received = claimed + until_sent - wrong_by
    corrected = policy.corrected(claimed, claimed + until_sent, received)
    if abs(wrong_by) < timedelta(seconds=1):
        assert corrected is None
    else:
        assert corrected == claimed - wrong_by
    assert policy.corrected(claimed, None, NOW) is None


def test_of_a_context_nothing_personal_is_kept():
    context = {
        "ip": "203.0.113.7",
        "userAgent": "x",
        "traits": {"email": "a@b.cn"},
        "location": {"city": "深圳"},
        "device": {"id": "imei", "advertisingId": "a", "token": "t", "type": "ios"},
        "app": "no object",
        "locale": "zh-CN",
        "page": {"path": "", "title": {"a": 1}},
    }
    assert policy.kept_context(context) == {"device": {"type": "ios"}, "locale": "zh-CN"}
