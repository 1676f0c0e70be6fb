from datetime import date
from uuid import UUID

import pytest
from careloop_profile.identifiers.policy import comparable_name
from careloop_profile.identity.policy import Candidate, Refusal, objection, propose
from careloop_profile.identity.policy.evidence import MOST_CUSTOMERS, MOST_SHARERS


def candidate(number, **known):
    return Candidate(UUID(int=number), known.pop("kind", "individual"), **known)


def rules(*candidates):
    return [proposal.rule for proposal in propose(candidates)]


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ({"name": "张伟", "phone": "p"}, {"name": "张伟", "phone": "p"}, "phone_and_name"),
        ({"name": "张伟", "email": "e"}, {"name": "张伟", "email": "e"}, "email_and_name"),
        ({"phone": "p", "email": "e"}, {"name": "张伟", "phone": "p", "email": "e"}, "phone_and_email"),
        ({"identity_number": "n"}, {"identity_number": "n", "name": "张伟"}, "identity_number"),
        ({"name": "张伟", "phone": "p"}, {"name": "李娜", "phone": "p"}, None),
        ({"name": "张伟", "phone": "p", "email": "e"}, {"name": "李娜", "phone": "p", "email": "e"}, None),
        ({"phone": "p"}, {"phone": "p"}, None),
        ({"name": "张伟"}, {"name": "张伟"}, None),
        (
            {"name": "张伟", "phone": "p", "identity_number": "n"},
            {"name": "张伟", "phone": "p", "identity_number": "m"},
            None,
        ),
    ],
)
def test_only_what_proves_it_makes_two_customers_one_person(one, other, rule):
    assert rules(candidate(1, **one), candidate(2, **other)) == ([rule] if rule else [])


def test_a_household_does_not_become_one_person():
    assert rules(*(candidate(number, name=f"name {number}", phone="p") for number in range(5))) == []


def test_what_many_share_proves_nothing():
    crowd = [candidate(number, name="陈晨", phone="p") for number in range(MOST_SHARERS + 1)]
    assert rules(*crowd[:-1])
    assert rules(*crowd) == []


def test_a_number_that_was_given_to_somebody_else_proves_nothing():
    before = candidate(1, name="张伟", phone="p", left_on=date(2025, 3, 1))
    after = candidate(2, name="张伟", phone="p", joined_on=date(2025, 9, 1))
    assert rules(before, after) == rules(after, before) == []
    assert rules(before, candidate(3, name="张伟", phone="p", joined_on=date(2024, 1, 1))) == [
        "phone_and_name"
    ]


def test_a_firm_and_a_man_are_not_one_person():
    assert (
        rules(candidate(1, name="张伟", phone="p"), candidate(2, name="张伟", phone="p", kind="enterprise"))
        == []
    )


def test_guards_forbid_a_merge_whatever_speaks_for_it():
    one, other = candidate(1, identity_number="n"), candidate(2, identity_number="m")
    assert objection([one], [other], apart=False) is Refusal.OTHER_IDENTITY_NUMBER
    assert objection([one], [candidate(3, kind="household")], apart=False) is Refusal.OTHER_KIND
    assert objection([one], [candidate(3)], apart=True) is Refusal.KEPT_APART
    assert objection([one], [candidate(3)], apart=False) is None
    crowd = [candidate(number) for number in range(MOST_CUSTOMERS)]
    assert objection(crowd, [candidate(2000)], apart=False) is Refusal.TOO_LARGE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张 伟", "张伟先生"),
        ("Wei Zhang", "ZHANG, Wei"),
        ("Mr. Wei Zhang", "Zhang Wei"),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提"),
        ("Ｗｅｉ　Ｚｈａｎｇ", "wei zhang"),
    ],
)
def test_spellings_of_one_name_compare_equal(one, other):
    assert comparable_name(one) == comparable_name(other) is not None


@pytest.mark.parametrize("raw", ["张先生", "女士", "未知", "test", "", " - ", "匿名"])
def test_what_names_nobody_is_no_name(raw):
    assert comparable_name(raw) is None
