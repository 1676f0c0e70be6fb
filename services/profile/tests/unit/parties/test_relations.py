"""Which relations there are, who may be family, and days that come round."""

from datetime import date
from uuid import UUID

import pytest
from careloop_profile.identity.policy import Candidate
from careloop_profile.parties.errors import RelationNotAllowed
from careloop_profile.parties.policy.ages import age_on, is_minor
from careloop_profile.parties.policy.anniversaries import days_between, kept_on
from careloop_profile.parties.policy.families import families
from careloop_profile.parties.policy.holdings import ecosystem
from careloop_profile.parties.policy.relations import TERMS, Claim, Relation, Role, check, rivals

ONE, OTHER, FIRM = (UUID(int=n) for n in range(1, 4))
DAY = date(2026, 6, 1)


def claim(kind, **facts):
    within = FIRM if TERMS[kind].within else None
    return Claim(kind, ONE, OTHER, DAY, organization_id=within, facts=facts)


def kinds(one, other):
    return {ONE: one, OTHER: other, FIRM: "enterprise"}


@pytest.mark.parametrize("kind", Relation)
@pytest.mark.parametrize("one", ["individual", "household", "enterprise"])
@pytest.mark.parametrize("other", ["individual", "household", "enterprise"])
def test_only_certain_kinds_of_customers_are_related(kind, one, other):
    terms = TERMS[kind]
    facts = {"influence": 1} if "influence" in terms.must else {}
    facts |= {"role": Role.USER} if "role" in terms.must else {}
    if one in terms.one and other in terms.other:
        check(claim(kind, **facts), kinds(one, other))
        return
    with pytest.raises(RelationNotAllowed):
        check(claim(kind, **facts), kinds(one, other))


def test_a_subscription_is_paid_for_and_nothing_else():
    said = Claim(Relation.FAMILY, ONE, OTHER, DAY, subscription_id=FIRM)
    with pytest.raises(RelationNotAllowed):
        check(said, kinds("individual", "individual"))
    with pytest.raises(RelationNotAllowed):
        check(
            Claim(Relation.FAMILY, ONE, OTHER, DAY, FIRM, organization_id=FIRM),
            kinds("individual", "individual"),
        )


def test_family_is_the_same_from_either_side():
    assert {(one["from_id"], one["to_id"]) for one in rivals(claim(Relation.FAMILY))} == {
        (ONE, OTHER),
        (OTHER, ONE),
    }
    assert len(rivals(claim(Relation.GUARDIAN))) == 1, "several may guard one"
    assert rivals(claim(Relation.REPORTS_TO))[1].keys() == {"kind", "from_id", "organization_id"}


def person(number, name, **facts):
    return Candidate(UUID(int=number), facts.pop("kind", "individual"), name=name, **facts)


def test_the_first_known_of_a_household_is_family_of_each_other():
    people = [person(n, f"n{n}", phone="x") for n in range(4)]
    found = families(people, 10)
    assert [(one.one.int, one.other.int, one.evidence) for one in found] == [
        (0, n, "shared phone") for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "people",
    [
        [person(1, "a", phone="x"), person(2, "a", phone="x")],
        [person(1, "a", phone="x"), person(2, None, phone="x")],
        [person(1, "a", phone="x"), person(2, "b", phone="x", kind="enterprise")],
        [person(1, "a", identity_number="x"), person(2, "b", identity_number="x")],
        [person(1, "a", phone="x", left_on=DAY), person(2, "b", phone="x", joined_on=DAY)],
        [person(n, f"n{n}", phone="x") for n in range(11)],
    ],
    ids=["one name", "no name", "a firm", "an identity number", "a number given away", "a crowd"],
)
def test_what_does_not_make_a_family(people):
    assert families(people, 10) == []


def test_a_day_in_february_is_kept_every_year():
    assert list(kept_on(date(2026, 2, 28))) == [(2, 28), (2, 29)]
    assert list(kept_on(date(2028, 2, 28))) == [(2, 28)]
    assert list(kept_on(date(2028, 2, 29))) == [(2, 29)]
    assert days_between(date(2026, 2, 28), date(2026, 3, 1)) == [date(2026, 2, 28), date(2026, 3, 1)]


def test_who_is_a_minor_and_until_when():
    born = date(2012, 2, 29)
    assert [age_on(born, day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [13, 14]
    assert is_minor(born, date(2026, 2, 28), 14)
    assert not is_minor(born, date(2026, 3, 1), 14)
    assert not is_minor(None, DAY, 14)


def test_kinds_in_use_are_counted_once():
    subscriptions = [
        ("iptv", "active", None),
        ("iptv", "active", DAY),
        ("cloud", "active", date(2026, 5, 31)),
    ]
    found = ecosystem(
        [*subscriptions, ("home", "suspended", None)], [("phone", "active"), ("phone", "active")], DAY, 2
    )
    assert (found.products, found.strategic) == (("iptv", "phone"), True)
    assert not ecosystem(subscriptions, [], DAY, 2).strategic
