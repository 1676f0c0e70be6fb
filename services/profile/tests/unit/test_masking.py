"""What senders wrote is shown without what is called, or looks like, something personal."""

import pytest
from careloop_profile.customers.personal import mask_anything


@pytest.mark.parametrize(
    "name",
    [
        *("firstName", "last_name", "Full Name", "customerName", "name", "NAME"),
        *("phoneNumber", "contact_phone", "mobilePhone", "billingAddress", "shipping-address", "userEmail"),
        *("dateOfBirth", "idCardNo", "IDCard", "客户姓名", "联系电话", "收货地址", "身份证号码", "手机号码"),
    ],
)
def test_what_is_called_personal_is_masked_in_every_spelling(name):
    assert mask_anything({"deep": [{name: "planted"}]}) == {"deep": [{name: "[masked]"}]}


@pytest.mark.parametrize(
    "name",
    ["product_name", "planName", "campaign", "headphones", "address_changed", "mobile_data_gb", "电话次数"],
)
def test_what_is_called_otherwise_is_shown(name):
    assert mask_anything({name: "gold"}) == {name: "gold"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (13812345678, "[phone]"),
        (13812345678.0, "[phone]"),
        (11010519491231002, 11010519491231002),
        (110105194912310022, "[id-number]"),
        (12.5, 12.5),
        (7, 7),
        (True, True),
        (1764288000000, 1764288000000),
        (float("inf"), float("inf")),
    ],
)
def test_a_number_to_call_is_masked_also_where_it_is_a_number(value, shown):
    assert mask_anything(value) == shown
    assert type(mask_anything(value)) is type(shown)


def test_whether_somebody_has_a_phone_is_no_phone():
    said = {"has_phone": True, "paperless_email": False, "phone": None}
    assert mask_anything(said) == said
