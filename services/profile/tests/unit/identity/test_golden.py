from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from careloop_profile.customers.policy import Customer
from careloop_profile.identity.policy import golden
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 1, tzinfo=UTC)


def customer(number, source="crm", days=0, **facts):
    known = {"created_at": START, "updated_at": START + timedelta(days=days), **facts}
    return Customer(UUID(int=number), 1, "individual", source, None, **known)


def values(record):
    return {name: field.value for name, field in record.items()}


def test_the_most_trusted_source_is_believed_and_what_it_lacks_comes_from_the_next():
    crm = customer(1, "crm", region="华东", joined_on=date(2020, 5, 1))
    bss = customer(2, "bss", 9, region="华北", language="zh-CN", joined_on=date(2018, 5, 1))
    record = golden([bss, crm], {"crm": 1, "bss": 2})
    assert (record["region"].value, record["region"].customer_id) == ("华东", crm.customer_id)
    assert (record["language"].value, record["language"].customer_id) == ("zh-CN", bss.customer_id)
    assert record["joined_on"].value == date(2018, 5, 1)
    assert golden([crm, bss], {})["region"].value == "华北", "without ranks the later word counts"


def test_a_person_has_left_when_all_of_its_customers_have():
    left = customer(1, status="left", left_on=date(2026, 1, 5))
    assert values(golden([left, customer(2)], {}))["status"] == "active"
    assert "left_on" not in golden([left, customer(2)], {})
    both = golden([left, customer(2, status="left", left_on=date(2026, 2, 5))], {})
    assert (both["status"].value, both["left_on"].value) == ("left", date(2026, 2, 5))


def test_what_any_source_knows_of_care_and_refusal_holds():
    record = values(
        golden([customer(1, care_flags=("elderly",), vip=True), customer(2, do_not_disturb=True)], {})
    )
    assert (record["vip"], record["do_not_disturb"], record["care_flags.elderly"]) == (True, True, True)


@given(st.permutations(range(4)))
def test_the_order_of_the_customers_does_not_matter(order):
    customers = [
        customer(n, f"s{n % 2}", n % 3, region=f"r{n}", attributes={"a": n, f"b{n}": True}) for n in range(4)
    ]
    assert golden([customers[n] for n in order], {"s1": 1}) == golden(customers, {"s1": 1})
