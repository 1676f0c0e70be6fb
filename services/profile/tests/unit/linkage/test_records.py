import pytest
from careloop_profile.linkage.policy import Record
from careloop_profile.linkage.policy.records import blocks, spelled


@pytest.mark.parametrize(
    ("spelling", "raw", "value"),
    [
        ("name", " Zhang, Wei ", "wei zhang"),
        ("name", "张 伟先生", "张伟"),
        ("name", "张先生", None),
        ("words", "O'Brien  Séamus", "obrien seamus"),
        ("words", "朝阳区，建国路 8号", "朝阳区 建国路 8号"),
        ("words", "unknown", None),
        ("words", "...", None),
        ("date", "1985/03/07", "1985-03-07"),
        ("date", "19850307", "1985-03-07"),
        ("date", "19851307", "1985-13-07"),
        ("date", "0000-00-00", None),
        ("date", "7 March 1985", None),
        ("code", "+86 138-1234-5678", "8613812345678"),
        ("line", "A.B@Example.COM", "a.b@example.com"),
    ],
)
def test_values_are_compared_in_one_spelling(spelling, raw, value):
    assert spelled(spelling, raw) == value


def test_a_record_is_found_by_the_keys_of_which_it_has_all_parts():
    values = {"name": "张伟", "birth_date": "1985-03-07", "phone": "8613812345678"}
    keys = [["name", "birth_date:4"], ["phone:-4"], ["email"], ["name", "email"]]
    assert blocks(keys, values) == ["name+birth_date:4\0张伟\x001985", "phone:-4\x005678"]


def test_the_same_text_in_another_field_is_another_key():
    assert blocks([["name"]], {"name": "a"}) != blocks([["region"]], {"region": "a"})


def test_what_is_left_out_of_a_record_is_not_compared():
    assert Record({"name": "a", "phone": "1"}).without({"phone"}).values == {"name": "a"}
