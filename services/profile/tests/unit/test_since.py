from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from careloop_profile.customers.policy import Customer, changed_at, since

BORN = datetime(2026, 1, 1, tzinfo=UTC)
NOW, LATER = BORN + timedelta(days=10), BORN + timedelta(days=20)
CUSTOMER = Customer(
    UUID(int=1),
    1,
    "individual",
    "crm",
    "1",
    BORN,
    BORN,
    region="华东",
    attributes={"arpu": 88.0},
    care_flags=("elderly",),
)


def after(before, now, **facts):
    changed = replace(before, **facts)
    return replace(changed, changed_at=changed_at(before, changed, now))


def test_what_never_changed_is_so_since_the_customer_is_known():
    assert since(CUSTOMER, "region") == BORN
    assert since(after(CUSTOMER, NOW, language="zh-CN"), "region") == BORN


def test_a_change_dates_what_it_changed_and_nothing_else():
    moved = after(
        CUSTOMER,
        NOW,
        region="华北",
        attributes={"arpu": 88.0, "plan": "5G"},
        care_flags=("elderly", "student"),
    )
    assert {
        name: since(moved, name) for name in ("region", "attributes.plan", "care_flags.student")
    } == dict.fromkeys(("region", "attributes.plan", "care_flags.student"), NOW)
    assert {since(moved, name) for name in ("attributes.arpu", "care_flags.elderly", "vip")} == {BORN}
    assert since(after(moved, LATER, attributes={"arpu": 90.0, "plan": "5G"}), "attributes.plan") == NOW


def test_of_what_is_gone_nothing_is_kept():
    customer = CUSTOMER
    for number in range(50):
        customer = after(customer, NOW, attributes={f"a{number}": 1.0})
    assert set(customer.changed_at) == {"attributes.a49"}
